"""The database is away: agents are told to come again, and nobody's key is called invalid."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any


def break_database(server: Any) -> None:
    """Take the tables away under the running server."""
    with sqlite3.connect(Path(server.data, "leadline.db")) as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        for table in ("hosts", "host_seen", "enroll_secrets", "live_results", "live_targets"):
            connection.execute(f"ALTER TABLE {table} RENAME TO gone_{table}")
    connection.close()


def mend_database(server: Any) -> None:
    with sqlite3.connect(Path(server.data, "leadline.db")) as connection:
        for table in ("hosts", "host_seen", "enroll_secrets", "live_results", "live_targets"):
            connection.execute(f"ALTER TABLE gone_{table} RENAME TO {table}")
    connection.close()


def test_trouble_with_the_database_never_looks_like_an_invalid_key(own_server: Any, kit: Any) -> None:
    with kit.agent(own_server) as agent, own_server.api() as api:
        agent.enroll().settle()
        run = {"query": "select 1", "selected": {"hosts": [kit.host_id(api, agent)]}}
        campaign = api.post("/api/v1/fleet/queries/run", json=run).json()["campaign"]["id"]
        break_database(own_server)

        name = f"fleet_distributed_query_{campaign}"
        assert list(agent.read()["queries"]) == [name], "known hosts are served from memory"
        assert agent.post("config", {"node_key": agent.key}).status_code == 200
        line = {"node_key": agent.key, "log_type": "result", "data": [{}]}
        assert agent.post("log", line).status_code == 200, "log lines need no database"
        refused = [
            agent.write(queries={name: [{"1": "1"}]}),
            agent.post("enroll", agent.enroll_body()),
            agent.post("distributed/read", {"node_key": "perhaps known to the database"}),
        ]
        for reply in refused:
            assert reply.status_code == 503, reply.text
            assert "error" in reply.json()
            assert "node_invalid" not in reply.json()
            assert int(reply.headers["retry-after"]) > 0

        mend_database(own_server)
        assert agent.write(queries={name: [{"1": "1"}]}).status_code == 200
        results = api.get(f"/api/v1/leadline/live_queries/{campaign}/results").json()["results"]
        assert [result["rows"] for result in results] == [[{"1": "1"}]]
        assert agent.post("distributed/read", {"node_key": "really unknown"}).status_code == 401
