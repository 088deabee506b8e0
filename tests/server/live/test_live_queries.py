"""Live queries from the request to the stored and streamed answer, with hosts as agents play them."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest


def run(api: httpx.Client, sql: str, *hosts: int) -> int:
    reply = api.post("/api/latest/fleet/queries/run", json={"query": sql, "selected": {"hosts": list(hosts)}})
    assert reply.status_code == 200, reply.text
    number: int = reply.json()["campaign"]["id"]
    return number


def load(api: httpx.Client, number: int) -> dict[str, Any]:
    query: dict[str, Any] = api.get(f"/api/latest/leadline/live_queries/{number}").json()["live_query"]
    return query


def results(api: httpx.Client, number: int, after: int = 0, limit: int = 100) -> dict[str, Any]:
    page: dict[str, Any] = api.get(
        f"/api/latest/leadline/live_queries/{number}/results", params={"after": after, "limit": limit}
    ).json()
    return page


def events(api: httpx.Client, number: int, **headers: str) -> Iterator[tuple[str, Any, str]]:
    """(kind, data, id) of every event until the stream ends."""
    with api.stream("GET", f"/api/latest/leadline/live_queries/{number}/events", headers=headers) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        event: dict[str, str] = {}
        for line in stream.iter_lines():
            if not line and "event" in event:
                yield event["event"], json.loads(event["data"]), event.get("id", "")
                event = {}
            elif line and not line.startswith(":"):
                name, _, value = line.partition(": ")
                event[name] = value


@contextmanager
def hosts(server: Any, api: httpx.Client, kit: Any, count: int) -> Iterator[list[tuple[Any, int]]]:
    agents = [kit.agent(server).enroll().settle() for _ in range(count)]
    try:
        yield [(agent, kit.host_id(api, agent)) for agent in agents]
    finally:
        for agent in agents:
            agent.http.close()


def test_every_way_to_answer_is_told_apart(server: Any, api: httpx.Client, kit: Any) -> None:
    with hosts(server, api, kit, 4) as ((rows, a), (old_empty, b), (new_failed, c), (old_failed, d)):
        number = run(api, "select 1", a, b, c, d)
        name = f"fleet_distributed_query_{number}"
        for agent in (rows, old_empty, new_failed, old_failed):
            assert agent.read()["queries"] == {name: "select 1"}
        stats = {name: {"wall_time_ms": 5, "user_time": 1, "system_time": 1, "memory": 1024}}
        answers = [
            rows.write(queries={name: [{"z": "1", "a": "x"}]}, statuses={name: 0}, messages={name: ""}, stats=stats),
            old_empty.write(queries={name: ""}, statuses={name: "0"}),
            new_failed.write(queries={name: []}, statuses={name: 1}, messages={name: "no such table: foo"}),
            old_failed.write(queries={name: ""}, statuses={name: "1"}),
        ]
        assert all(answer.content == b"{}" for answer in answers)
        query = load(api, number)
        assert query["status"] == "finished"
        assert query["totals"] == {
            "targeted": 4, "queued": 0, "sent": 0, "answered": 1, "empty": 1, "failed": 2, "timed_out": 0, "offline": 0,
            "rows": 1,
        }  # fmt: skip
        page = results(api, number)
        assert [result["state"] for result in page["results"]] == ["answered", "empty", "failed", "failed"]
        assert list(page["results"][0]["rows"][0]) == ["z", "a"], "columns stay in order"
        assert page["results"][0]["wall_time_ms"] == 5
        assert page["results"][0]["host"]["hostname"] == f"host-{rows.identifier[:8]}"
        assert page["results"][2]["error"] == "no such table: foo"
        assert page["results"][3]["error"] == "the query failed with status 1"
        assert page["next"] == 4
        assert results(api, number, after=2, limit=1)["results"] == [page["results"][2]]
        states = api.get(f"/api/latest/leadline/live_queries/{number}/hosts").json()["hosts"]
        assert {state["host"]["id"]: state["state"] for state in states} == {
            a: "answered", b: "empty", c: "failed", d: "failed",
        }  # fmt: skip
        assert all(state["answered_at"] for state in states)


def test_a_stock_agent_polls_faster_after_a_live_query(agent: Any, api: httpx.Client, kit: Any) -> None:
    run(api, "select 1", kit.host_id(api, agent))
    assert agent.read()["accelerate"] == 60


def test_a_host_that_waits_gets_the_query_at_once(agent: Any, api: httpx.Client, kit: Any) -> None:
    number = kit.host_id(api, agent)
    got: list[tuple[float, Any]] = []

    def wait() -> None:
        reply = agent.post("distributed/read", {"node_key": agent.key}, Prefer="wait=30")
        got.append((time.monotonic(), reply.json()))

    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.5)
    asked = time.monotonic()
    live = run(api, "select 2", number)
    thread.join(10)
    at, reply = got[0]
    assert reply["queries"] == {f"fleet_distributed_query_{live}": "select 2"}
    assert at - asked < 2


def test_results_stream_while_they_come_and_resume_after_the_last_one_seen(
    server: Any, api: httpx.Client, kit: Any
) -> None:
    with hosts(server, api, kit, 3) as agents:
        number = run(api, "select 1", *(host for _, host in agents))
        name = f"fleet_distributed_query_{number}"
        stream = events(api, number)
        assert next(stream)[0] == "totals"
        seen = []
        for agent, host in agents:
            agent.read()
            agent.write(queries={name: [{"host": str(host)}]}, statuses={name: 0})
            event = next(event for event in stream if event[0] == "result")
            seen.append(event)
            assert event[1]["host"]["id"] == host
            assert event[2] == str(event[1]["seq"])
        rest = list(stream)
        assert [kind for kind, _, _ in rest][-2:] == ["totals", "end"]
        assert rest[-1][1]["status"] == "finished"
        assert rest[-1][1]["totals"]["answered"] == 3
        again = list(events(api, number, **{"Last-Event-ID": seen[1][2]}))
        assert [event for event in again if event[0] == "result"] == [seen[2]]
        assert again[-1][0] == "end"


def test_a_result_is_taken_once(agent: Any, api: httpx.Client, kit: Any) -> None:
    number = run(api, "select 1", kit.host_id(api, agent))
    name = f"fleet_distributed_query_{number}"
    agent.read()
    for value in ("first", "second"):
        assert agent.write(queries={name: [{"v": value}]}, statuses={name: 0}).status_code == 200
    assert [result["rows"] for result in results(api, number)["results"]] == [[{"v": "first"}]]


def test_only_hosts_that_were_asked_can_answer(server: Any, api: httpx.Client, kit: Any) -> None:
    with hosts(server, api, kit, 2) as ((asked, a), (other, _)):
        number = run(api, "select 1", a)
        name = f"fleet_distributed_query_{number}"
        assert other.read()["queries"] == {}
        assert other.write(queries={name: [{"forged": "1"}]}, statuses={name: 0}).status_code == 200
        assert results(api, number)["results"] == []
        asked.read()
        asked.write(queries={name: []}, statuses={name: 0})
        assert load(api, number)["status"] == "finished"


def test_a_host_that_comes_back_without_an_answer_is_asked_again_but_not_for_ever(
    agent: Any, api: httpx.Client, kit: Any
) -> None:
    number = run(api, "select 1", kit.host_id(api, agent))
    name = f"fleet_distributed_query_{number}"
    for _ in range(3):
        assert name in agent.read()["queries"]
    assert agent.read()["queries"] == {}
    query = kit.eventually(lambda: (q := load(api, number))["status"] == "finished" and q)
    assert query["totals"]["timed_out"] == 1
    assert "without an answer" in results(api, number)["results"][0]["error"]


def test_offline_hosts_keep_a_query_open_until_they_come(server: Any, api: httpx.Client, kit: Any) -> None:
    with hosts(server, api, kit, 2) as ((here, a), (away, b)):
        # A host that checks in every second and has not been heard of for an hour.
        number = run(api, "select 1", a, b)
        name = f"fleet_distributed_query_{number}"
        here.read()
        here.write(queries={name: [{"1": "1"}]}, statuses={name: 0})
        query = load(api, number)
        assert query["status"] == "running"
        assert query["totals"]["queued"] + query["totals"]["offline"] == 1
        away.read()
        away.write(queries={name: [{"1": "1"}]}, statuses={name: 0})
        assert load(api, number)["status"] == "finished"


def test_cancelling_stops_asking(server: Any, api: httpx.Client, kit: Any) -> None:
    with hosts(server, api, kit, 2) as ((first, a), (second, b)):
        number = run(api, "select 1", a, b)
        name = f"fleet_distributed_query_{number}"
        assert name in first.read()["queries"]
        stream = events(api, number)
        next(stream)
        reply = api.post(f"/api/latest/leadline/live_queries/{number}/cancel")
        assert reply.json()["live_query"]["status"] == "cancelled"
        assert reply.json()["live_query"]["finished_at"]
        assert list(stream)[-1][0] == "end"
        assert second.read()["queries"] == {}
        assert first.write(queries={name: [{"1": "1"}]}, statuses={name: 0}).content == b"{}"
        assert results(api, number)["results"] == []
        again = api.post(f"/api/latest/leadline/live_queries/{number}/cancel")
        assert again.json()["live_query"]["status"] == "cancelled"


def test_a_deleted_host_does_not_keep_a_query_open(server: Any, api: httpx.Client, kit: Any) -> None:
    with hosts(server, api, kit, 1) as ((agent, host),):
        number = run(api, "select 1", host)
        assert api.delete(f"/api/v1/fleet/hosts/{host}").status_code == 200
        query = kit.eventually(lambda: (q := load(api, number))["status"] == "finished" and q)
        assert query["totals"]["failed"] == 1
        assert results(api, number)["results"][0]["error"] == "the host was deleted"
        reply = agent.post("distributed/read", {"node_key": agent.key})
        assert reply.status_code == 401
        assert reply.json()["node_invalid"] is True


def test_many_rows_are_cut_and_said_to_be(agent: Any, api: httpx.Client, kit: Any) -> None:
    number = run(api, "select many", kit.host_id(api, agent))
    name = f"fleet_distributed_query_{number}"
    agent.read()
    rows = [{"n": str(n), "padding": "x" * 100} for n in range(40_000)]
    assert agent.post("distributed/write", {"node_key": agent.key, "queries": {name: rows}}).status_code == 200
    result = results(api, number)["results"][0]
    assert result["truncated"] is True
    assert result["rows"] == rows[:25_000]
    assert load(api, number)["totals"]["rows"] == 25_000


@pytest.mark.parametrize("packed", [True, False])
def test_an_answer_that_is_too_large_fails_and_the_agent_lets_it_go(
    agent: Any, api: httpx.Client, kit: Any, packed: bool
) -> None:
    number = run(api, "select everything", kit.host_id(api, agent))
    agent.read()
    rows = {f"fleet_distributed_query_{number}": [{"x": "y" * (17 << 20)}]}
    body = {"queries": rows, "node_key": agent.key}
    assert agent.post("distributed/write", body, packed=packed).status_code == 413, "nobody knows whose it is"
    reply = agent.post("distributed/write", body, packed=packed, Authorization=f"NodeKey {agent.key}")
    assert (reply.status_code, reply.content) == (200, b"{}")
    result = results(api, number)["results"][0]
    assert result["state"] == "failed"
    assert "larger than 16 MiB" in result["error"]
    assert agent.read()["queries"] == {}


def test_rows_that_are_no_rows_are_a_failure_with_a_reason(agent: Any, api: httpx.Client, kit: Any) -> None:
    number = run(api, "select 1", kit.host_id(api, agent))
    agent.read()
    assert agent.write(queries={f"fleet_distributed_query_{number}": [["1"]]}).status_code == 200
    result = results(api, number)["results"][0]
    assert result["state"] == "failed"
    assert "cannot be read" in result["error"]


@pytest.mark.parametrize("sql", ["", "  ", ";", " ; \n;", "select '\x00'", "x" * 70_000])
def test_sql_that_hosts_could_not_run_is_refused(agent: Any, api: httpx.Client, kit: Any, sql: str) -> None:
    body = {"query": sql, "selected": {"hosts": [kit.host_id(api, agent)]}}
    reply = api.post("/api/latest/fleet/queries/run", json=body)
    assert reply.status_code == 422
    assert reply.json()["errors"][0]["name"] == "query"
    assert agent.read() == {"queries": {}, "discovery": {}}


def test_nobody_targeted_is_said_in_fleets_words(api: httpx.Client) -> None:
    reply = api.post("/api/latest/fleet/queries/run", json={"query": "select 1", "selected": {"hosts": [10**12]}})
    assert reply.status_code == 400
    assert reply.json()["errors"] == [{"name": "selected", "reason": "no hosts targeted"}]


def test_hosts_can_be_asked_by_name(agent: Any, api: httpx.Client) -> None:
    body = {"query": "select 1", "selected": {"hosts": [f"host-{agent.identifier[:8]}"], "labels": []}}
    reply = api.post("/api/latest/fleet/queries/run_by_identifiers", json=body)
    assert reply.json()["campaign"]["Metrics"]["TotalHosts"] == 1
    assert reply.json()["campaign"]["Metrics"]["OnlineHosts"] == 1
    assert agent.read()["queries"]


def test_one_host_can_be_asked_synchronously(agent: Any, api: httpx.Client, kit: Any) -> None:
    number = kit.host_id(api, agent)

    def answer() -> None:
        reply = agent.post("distributed/read", {"node_key": agent.key}, Prefer="wait=20").json()
        (name,) = reply["queries"]
        agent.write(queries={name: [{"1": "1"}]}, statuses={name: 0})
        reply = agent.post("distributed/read", {"node_key": agent.key}, Prefer="wait=20").json()
        (name,) = reply["queries"]
        agent.write(queries={name: []}, statuses={name: 1}, messages={name: "no such table: nope"})

    thread = threading.Thread(target=answer)
    thread.start()
    reply = api.post(f"/api/v1/fleet/hosts/{number}/query", json={"query": "select 1"}).json()
    assert reply == {
        "host_id": number, "query": "select 1", "status": "online", "error": None, "rows": [{"1": "1"}],
        "truncated": False,
    }  # fmt: skip
    reply = api.post(f"/api/v1/fleet/hosts/{number}/query", json={"query": "select * from nope"}).json()
    assert (reply["error"], reply["rows"]) == ("no such table: nope", None)
    thread.join()


def test_results_and_states_survive_a_restart_and_a_kill(own_server: Any, kit: Any) -> None:
    with own_server.api() as api, hosts(own_server, api, kit, 3) as ((one, a), (two, b), (three, c)):
        number = run(api, "select 1", a, b, c)
        name = f"fleet_distributed_query_{number}"
        one.read()
        assert one.write(queries={name: [{"v": "kept"}]}, statuses={name: 0}).status_code == 200
        assert name in two.read()["queries"], "sent, and the answer is still out"
        own_server.restart(signal.SIGKILL)
        keys = (two.key, three.key)
        with own_server.api() as api, kit.agent(own_server) as two, kit.agent(own_server) as three:
            two.key, three.key = keys
            assert results(api, number)["results"][0]["rows"] == [{"v": "kept"}]
            assert load(api, number)["status"] == "running"
            for agent in (two, three):
                assert name in agent.read()["queries"]
                agent.write(queries={name: []}, statuses={name: 0})
            query = load(api, number)
            assert query["status"] == "finished"
            assert (query["totals"]["answered"], query["totals"]["empty"]) == (1, 2)
            seqs = [result["seq"] for result in results(api, number)["results"]]
            assert seqs == sorted(set(seqs))


def test_the_server_stops_cleanly_while_requests_are_held_open(own_server: Any, kit: Any) -> None:
    with own_server.api() as api, hosts(own_server, api, kit, 1) as ((agent, host),):
        number = run(api, "select 1", host)
        stream = events(api, number)
        next(stream)
        agent.read()
        name = f"fleet_distributed_query_{number}"
        agent.write(queries={"other": []}, statuses={name: 0})
        held = threading.Thread(
            target=lambda: agent.post("distributed/read", {"node_key": agent.key}, Prefer="wait=50")
        )
        held.start()
        time.sleep(0.5)
        before = time.monotonic()
        assert own_server.end() == 0
        assert time.monotonic() - before < 5
        held.join(5)
        assert not held.is_alive()
        assert "Traceback" not in own_server.log
