"""Hosts as clients see them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

KEYS = [
    "id", "created_at", "updated_at", "detail_updated_at", "label_updated_at", "policy_updated_at",
    "software_updated_at", "last_enrolled_at", "last_restarted_at", "seen_time", "refetch_requested", "hostname",
    "display_name", "computer_name", "uuid", "platform", "platform_like", "os_version", "build", "code_name",
    "osquery_version", "orbit_version", "uptime", "memory", "cpu_type", "cpu_subtype", "cpu_brand",
    "cpu_physical_cores", "cpu_logical_cores", "hardware_vendor", "hardware_model", "hardware_version",
    "hardware_serial", "public_ip", "primary_ip", "primary_mac", "distributed_interval", "config_tls_refresh",
    "logger_tls_period", "additional", "status", "display_text", "team_id", "team_name", "gigs_disk_space_available",
    "percent_disk_space_available", "gigs_total_disk_space", "disk_encryption_enabled", "issues", "pack_stats",
    "geolocation",
]  # fmt: skip


def get(api: httpx.Client, path: str, **params: Any) -> Any:
    reply = api.get(f"/api/v1/fleet/{path}", params=params)
    assert reply.status_code == 200, reply.text
    return reply.json()


def test_a_host_has_the_keys_of_fleets_host_object(agent: Any, api: httpx.Client, kit: Any) -> None:
    host = get(api, f"hosts/{kit.host_id(api, agent)}")["host"]
    assert set(KEYS) <= set(host)
    assert host["public_ip"] == "127.0.0.1"
    assert host["seen_time"].endswith("Z")
    assert host["label_updated_at"] == "2000-01-01T00:00:00Z"
    assert host["labels"] == host["policies"] == []


def test_hosts_are_paged_and_counted(server: Any, api: httpx.Client, kit: Any) -> None:
    agents = [kit.agent(server, f"page-{n}").enroll() for n in range(3)]
    try:
        everything = get(api, "hosts", query="host-page", order_key="id")
        ids = [host["id"] for host in everything["hosts"]]
        first = get(api, "hosts", query="page-", order_key="id", per_page=2)
        assert [host["id"] for host in first["hosts"]] == ids[:2]
        assert first["meta"] == {"has_next_results": True, "has_previous_results": False}
        second = get(api, "hosts", query="page-", order_key="id", per_page=2, page=1)
        assert [host["id"] for host in second["hosts"]] == ids[2:]
        assert second["meta"] == {"has_next_results": False, "has_previous_results": True}
        back = get(api, "hosts", query="page-", order_key="id", order_direction="desc")
        assert [host["id"] for host in back["hosts"]] == ids[::-1]
        assert get(api, "hosts/count", query="page-") == {"count": 3}
        assert get(api, "hosts/count", query="page-", status="offline") == {"count": 0}
        assert get(api, "hosts/count", query="page-", status="online") == {"count": 3}
        summary = get(api, "host_summary")
        assert summary["totals_hosts_count"] == get(api, "hosts/count")["count"]
        assert summary["online_count"] + summary["offline_count"] == summary["totals_hosts_count"]
        assert {"platform": "debian", "hosts_count": summary["all_linux_count"]} in summary["platforms"]
    finally:
        for agent in agents:
            agent.http.close()


@pytest.mark.parametrize(
    "params",
    [
        {"order_key": "node_key_hash"},
        {"order_key": "id;drop table hosts"},
        {"order_direction": "sideways"},
        {"status": "asleep"},
        {"page": -1},
        {"per_page": 0},
        {"per_page": 100_000},
        {"page": "x"},
        {"query": "x" * 1000},
    ],
)
def test_parameters_that_make_no_sense_are_refused(api: httpx.Client, params: dict[str, Any]) -> None:
    reply = api.get("/api/v1/fleet/hosts", params=params)
    assert reply.status_code == 422
    assert reply.json()["errors"][0]["reason"]


def test_a_name_that_several_hosts_have_is_a_conflict(server: Any, api: httpx.Client, kit: Any) -> None:
    agents = [kit.agent(server, f"same-nam{n}") for n in range(2)]  # host names use the first eight characters
    try:
        for agent in agents:
            agent.enroll()
        reply = api.get("/api/v1/fleet/hosts/identifier/host-same-nam")
        assert reply.status_code == 409
        assert "ask by id" in reply.json()["errors"][0]["reason"]
    finally:
        for agent in agents:
            agent.http.close()


def test_what_is_not_there_is_not_found(api: httpx.Client) -> None:
    for method, path in (
        ("GET", "hosts/999999"),
        ("GET", "hosts/identifier/nobody"),
        ("DELETE", "hosts/999999"),
        ("POST", "hosts/999999/refetch"),
    ):
        reply = api.request(method, f"/api/v1/fleet/{path}")
        assert reply.status_code == 404, (path, reply.text)
    assert api.get("/api/v1/fleet/hosts/99999999999999999999999").status_code == 422
    for path in ("", "/results", "/hosts", "/events"):
        assert api.get(f"/api/v1/leadline/live_queries/999999{path}").status_code == 404


def test_a_deleted_host_is_gone_and_may_come_back_as_a_new_one(agent: Any, api: httpx.Client, kit: Any) -> None:
    number = kit.host_id(api, agent)
    assert api.delete(f"/api/v1/fleet/hosts/{number}").status_code == 200
    assert api.get(f"/api/v1/fleet/hosts/{number}").status_code == 404
    assert agent.post("config", {"node_key": agent.key}).json()["node_invalid"] is True
    agent.enroll()
    assert kit.host_id(api, agent) != number
