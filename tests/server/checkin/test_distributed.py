"""What hosts are asked about themselves, what they answer, and how long a read may be held."""

from __future__ import annotations

import threading
import time
from typing import Any

import httpx
import pytest


def test_the_first_read_asks_for_details_and_the_second_has_nothing(server: Any, kit: Any) -> None:
    with kit.agent(server) as agent:
        agent.enroll()
        reply = agent.read()
        assert "fleet_detail_query_system_info" in reply["queries"]
        assert reply["discovery"] == dict.fromkeys(reply["queries"], "SELECT 1")
        assert all(reply["queries"].values())
        assert agent.read() == {"queries": {}, "discovery": {}}


def test_a_host_without_a_name_polls_faster(server: Any, kit: Any) -> None:
    with kit.agent(server) as agent:
        body = agent.enroll_body()
        del body["host_details"]
        agent.key = agent.post("enroll", body).json()["node_key"]
        assert agent.read()["accelerate"] == 10


def test_details_are_ingested(server: Any, api: httpx.Client, kit: Any) -> None:
    with kit.agent(server) as agent:
        agent.enroll()
        p = "fleet_detail_query_"
        reply = agent.write(
            queries={
                f"{p}system_info": [{"hostname": "named", "computer_name": "Named", "uuid": "u", "cpu_type": "x86_64"}],
                f"{p}uptime": [{"total_seconds": "7923"}],
                f"{p}network_interface_unix": [{"address": "192.0.2.2", "mac": "02:fc:00:00:00:01"}],
                f"{p}disk_space_unix": [{"total": "2e9", "available": "500000000.0"}],
                f"{p}osquery_flags": [{"name": "distributed_interval", "value": "7"}],
                f"{p}os_version": "",
                f"{p}osquery_info": [],
                f"{p}unknown": [{"a": "1"}],
            },
            statuses={f"{p}uptime": "0", f"{p}osquery_info": "1"},
        )
        assert (reply.status_code, reply.content) == (200, b"{}")
        number = kit.host_id(api, agent)
        host = kit.eventually(lambda: (h := api.get(f"/api/v1/fleet/hosts/{number}").json()["host"])["uptime"] and h)
        assert host["hostname"] == "named"
        assert host["display_name"] == "Named"
        assert host["uptime"] == 7923 * 10**9
        assert (host["primary_ip"], host["primary_mac"]) == ("192.0.2.2", "02:fc:00:00:00:01")
        assert (host["gigs_total_disk_space"], host["percent_disk_space_available"]) == (2.0, 25.0)
        assert host["distributed_interval"] == 7
        assert host["platform"] == "debian", "an empty answer keeps what was known"


def test_refetch_asks_for_details_again(agent: Any, api: httpx.Client, kit: Any) -> None:
    assert agent.read()["queries"] == {}
    number = kit.host_id(api, agent)
    assert api.post(f"/api/v1/fleet/hosts/{number}/refetch").status_code == 200
    assert "fleet_detail_query_uptime" in agent.read()["queries"]
    agent.write(queries={"fleet_detail_query_uptime": [{"total_seconds": "1"}]}, statuses={})

    def fetched() -> bool:
        return not api.get(f"/api/v1/fleet/hosts/{number}").json()["host"]["refetch_requested"]

    assert kit.eventually(fetched)


@pytest.mark.parametrize(
    "members",
    [
        {"queries": [], "statuses": {}},
        {"queries": {"fleet_detail_query_uptime": [1]}, "statuses": []},
        {"queries": {"q": []}, "statuses": {"q": {}}},
        {"queries": {"q": []}, "stats": {"q": [1]}},
        {"messages": {"q": 5}},
    ],
)
def test_a_malformed_write_is_a_client_error_and_nothing_more(agent: Any, members: dict[str, Any]) -> None:
    assert agent.write(**members).status_code == 400
    assert agent.read() == {"queries": {}, "discovery": {}}


def test_odd_details_do_not_hurt(agent: Any) -> None:
    odd = {
        "fleet_detail_query_uptime": {"total_seconds": 1},
        "fleet_detail_query_system_info": [{}],
        "fleet_detail_query_os_version": [{"name": None, "version": None}],
        "fleet_detail_query_disk_space_unix": [{"total": "0", "available": "nan"}],
        "fleet_distributed_query_": [],
        "fleet_distributed_query_x1": [],
        "fleet_distributed_query_99999999999999999999": [],
        "fleet_distributed_query_4611686018427387904": [],
    }
    assert agent.write(queries=odd).content == b"{}"
    assert agent.write().content == b"{}"
    assert agent.write(queries=None, statuses=None, messages=None, stats=None).content == b"{}"


def test_a_read_that_prefers_to_wait_is_held(agent: Any) -> None:
    before = time.monotonic()
    reply = agent.post("distributed/read", {"node_key": agent.key}, Prefer="wait=1")
    assert 0.9 < time.monotonic() - before < 5
    assert reply.headers["preference-applied"] == "wait=1"
    assert reply.json() == {"queries": {}, "discovery": {}}


def test_what_runs_on_a_host_is_not_handed_out_again_and_can_be_cancelled(
    agent: Any, api: httpx.Client, kit: Any
) -> None:
    selected = {"hosts": [kit.host_id(api, agent)]}
    campaign = api.post("/api/v1/fleet/queries/run", json={"query": "SELECT 1", "selected": selected}).json()
    number = campaign["campaign"]["id"]
    name = f"fleet_distributed_query_{number}"

    def read(prefer: str, *running: str) -> Any:
        return agent.post("distributed/read", {"node_key": agent.key, "running": list(running)}, Prefer=prefer)

    first = read("wait=1, running")
    assert first.headers["preference-applied"] == "wait=1, running"
    assert list(first.json()["queries"]) == [name]
    assert read("wait=1, running", name).json() == {"queries": {}, "discovery": {}}
    held: list[Any] = []
    thread = threading.Thread(target=lambda: held.append(read("wait=20, running", name).json()))
    thread.start()
    time.sleep(0.5)
    assert api.post(f"/api/v1/leadline/live_queries/{number}/cancel", json={}).status_code == 200
    thread.join(5)
    assert held == [{"queries": {}, "discovery": {}, "cancel": [name]}]
    odd = read("running", name, "fleet_distributed_query_x", "other", "fleet_distributed_query_99999999999999999999")
    assert odd.headers["preference-applied"] == "running"
    assert odd.json()["cancel"] == [name]


def test_a_read_without_the_preference_is_not_held(agent: Any) -> None:
    before = time.monotonic()
    assert "preference-applied" not in agent.post("distributed/read", {"node_key": agent.key}).headers
    assert time.monotonic() - before < 1


def test_a_longer_wait_than_a_minute_is_cut(agent: Any, api: httpx.Client, kit: Any) -> None:
    api.post(f"/api/v1/fleet/hosts/{kit.host_id(api, agent)}/refetch")
    reply = agent.post("distributed/read", {"node_key": agent.key}, Prefer='respond-async, wait="3600"')
    assert reply.headers["preference-applied"] == "wait=60"


def test_a_second_held_read_lets_the_first_one_go(agent: Any, server: Any, kit: Any) -> None:
    answers: list[float] = []

    def first() -> None:
        agent.post("distributed/read", {"node_key": agent.key}, Prefer="wait=20")
        answers.append(time.monotonic())

    thread = threading.Thread(target=first)
    thread.start()
    time.sleep(0.5)
    with kit.agent(server) as other:
        other.post("distributed/read", {"node_key": agent.key}, Prefer="wait=1")
    thread.join(5)
    assert answers


def test_bodies_may_be_compressed(agent: Any) -> None:
    assert agent.post("distributed/read", {"node_key": agent.key}, packed=True).status_code == 200
    reply = agent.post("distributed/read", b"\x1f\x8bnonsense", Content_Encoding="gzip")
    assert reply.status_code == 400
    assert agent.post("distributed/read", b"x", Content_Encoding="br").status_code == 415


def test_a_decompression_bomb_is_refused_early(agent: Any) -> None:
    reply = agent.post("distributed/read", b" " * (64 << 20), packed=True)
    assert reply.status_code == 413
    assert "error" in reply.json()
    assert agent.post("distributed/read", b" " * (2 << 20)).status_code == 413


def test_text_that_is_no_utf8_is_taken(agent: Any) -> None:
    body = b'{"node_key":"%s","queries":{"fleet_detail_query_uptime":[{"total_seconds":"\xff"}]}}' % agent.key.encode()
    assert agent.post("distributed/write", body).content == b"{}"
