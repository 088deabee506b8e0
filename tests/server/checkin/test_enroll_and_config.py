"""Enrolling, being configured, and what happens to keys that nobody has."""

from __future__ import annotations

from typing import Any

import httpx
import pytest


def test_a_stock_osqueryd_enrolls_with_its_observed_body(server: Any, api: httpx.Client, kit: Any) -> None:
    with kit.agent(server) as agent:
        reply = agent.post("enroll", agent.enroll_body())
        assert reply.status_code == 200
        assert len(reply.json()["node_key"]) == 32
        host = api.get(f"/api/latest/fleet/hosts/identifier/{agent.identifier}").json()["host"]
        assert host["hostname"] == f"host-{agent.identifier[:8]}"
        assert host["os_version"] == "Debian GNU/Linux 12"
        assert host["platform"] == "debian"
        assert host["memory"] == 8589934592
        assert host["osquery_version"] == "5.23.0"
        assert host["status"] == "online"
        assert "node_key" not in str(host)


@pytest.mark.parametrize("base", ["/api/osquery", "/api/v1/osquery"])
def test_both_paths_of_fleet_answer(server: Any, kit: Any, base: str) -> None:
    with kit.agent(server, base=base) as agent:
        agent.enroll()
        assert agent.post("config", {"node_key": agent.key}).status_code == 200


def test_a_wrong_secret_is_refused_with_node_invalid(server: Any, kit: Any) -> None:
    with kit.agent(server) as agent:
        reply = agent.post("enroll", agent.enroll_body("wrong"))
        assert reply.status_code == 401
        assert reply.json()["node_invalid"] is True
        assert "error" in reply.json()


def test_the_secret_is_never_logged(server: Any, kit: Any) -> None:
    with kit.agent(server) as agent:
        agent.enroll()
        agent.post("enroll", agent.enroll_body("wrong-secret-value"))
        assert server.ready.enroll_secret not in server.log
        assert "wrong-secret-value" not in server.log
        assert agent.key not in server.log


def test_enrolling_again_keeps_the_host_and_kills_the_old_key(server: Any, api: httpx.Client, kit: Any) -> None:
    with kit.agent(server) as agent:
        agent.enroll()
        first_key, first_id = agent.key, kit.host_id(api, agent)
        agent.enroll()
        assert agent.key != first_key
        assert kit.host_id(api, agent) == first_id
        reply = agent.post("distributed/read", {"node_key": first_key})
        assert reply.status_code == 401
        assert reply.json()["node_invalid"] is True


def test_clones_with_one_hardware_uuid_stay_apart(server: Any, api: httpx.Client, kit: Any) -> None:
    with kit.agent(server) as one, kit.agent(server) as other:
        body = one.enroll_body()
        one.key = one.post("enroll", body).json()["node_key"]
        body = other.enroll_body()
        body["host_details"]["system_info"]["uuid"] = f"u-{one.identifier}"
        other.key = other.post("enroll", body).json()["node_key"]
        assert kit.host_id(api, one) != kit.host_id(api, other)
        one.read()
        other.read()


def test_a_host_whose_identifier_changes_keeps_its_record(server: Any, api: httpx.Client, kit: Any) -> None:
    with kit.agent(server) as agent:
        agent.enroll()
        before = kit.host_id(api, agent)
        body = agent.enroll_body()
        agent.identifier = body["host_identifier"] = f"renamed-{agent.identifier}"
        agent.post("enroll", body)
        assert kit.host_id(api, agent) == before


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"enroll_secret":5}', b'{"host_details":{"os_version":[]}}', b"\xff"]
)
def test_a_malformed_enroll_is_a_client_error(server: Any, kit: Any, body: bytes) -> None:
    with kit.agent(server) as agent:
        reply = agent.post("enroll", body)
        assert reply.status_code == 400
        assert "node_invalid" not in reply.json()


def test_host_supplied_text_is_made_fit_for_the_database(server: Any, api: httpx.Client, kit: Any) -> None:
    with kit.agent(server) as agent:
        body = agent.enroll_body()
        body["host_details"]["system_info"].update(
            hostname="a\x00b" + "c" * 300, physical_memory="1e400", cpu_logical_cores="-3"
        )
        assert agent.post("enroll", body).status_code == 200
        host = api.get(f"/api/v1/fleet/hosts/identifier/{agent.identifier}").json()["host"]
        assert host["hostname"] == "ab" + "c" * 253
        assert host["memory"] == host["cpu_logical_cores"] == 0


def test_the_configuration_makes_an_enrolled_host_useful(agent: Any) -> None:
    config = agent.post("config", {"node_key": agent.key}).json()
    assert config["options"]["distributed_interval"] == 10
    assert config["options"]["logger_tls_period"] == 10
    assert config["options"]["pack_delimiter"] == "/"
    assert len(config["decorators"]["load"]) == 2
    assert "etag" not in config


def test_an_agent_that_compares_configurations_gets_an_etag(agent: Any) -> None:
    config = agent.post("config", {"node_key": agent.key, "etag": ""}).json()
    assert config["options"]["distributed_interval"] == 10
    reply = agent.post("config", {"node_key": agent.key, "etag": config["etag"]})
    assert reply.content == b'{"etag":"ok"}'


@pytest.mark.parametrize("path", ["config", "distributed/read", "distributed/write", "log"])
def test_only_an_unknown_key_is_called_invalid(agent: Any, path: str) -> None:
    reply = agent.post(path, {"node_key": "nobody's", "log_type": "result", "data": []})
    assert reply.status_code == 401
    assert reply.json()["node_invalid"] is True
    reply = agent.post(path, b"not json")
    assert reply.status_code == 400
    assert "node_invalid" not in reply.json()


def test_the_key_may_come_in_the_header_alone(agent: Any) -> None:
    reply = agent.post("config", {}, Authorization=f"NodeKey {agent.key}")
    assert reply.status_code == 200
    assert agent.post("config", {}, Authorization="NodeKey wrong").status_code == 401


def test_other_methods_and_paths_are_refused(server: Any, agent: Any) -> None:
    assert agent.http.get("/api/osquery/config").status_code == 405
    assert agent.post("carve/begin", {"node_key": agent.key}).status_code == 404
    assert agent.post("config/", {"node_key": agent.key}).status_code == 404


def test_guessing_secrets_is_slowed_down(own_server: Any, kit: Any) -> None:
    with kit.agent(own_server) as agent:
        replies = [agent.post("enroll", agent.enroll_body("guess")) for _ in range(31)]
        assert [reply.status_code for reply in replies] == [401] * 30 + [429]
        assert int(replies[-1].headers["retry-after"]) >= 1
        assert "node_invalid" not in replies[-1].json()
