"""Every route: its permission, its aliases, the shape of its errors."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from litestar.handlers import HTTPRouteHandler

from leadline.server.rest import about, campaigns, hosts, live_queries, sessions
from leadline.server.rest.permissions import ROLES, Permission, allows

ROUTES: list[HTTPRouteHandler] = [
    *sessions.HANDLERS, *hosts.HANDLERS, *campaigns.HANDLERS, *about.FLEET_HANDLERS, *about.LEADLINE_HANDLERS,
    *live_queries.HANDLERS,
]  # fmt: skip


def test_every_route_declares_a_permission_and_only_signing_in_is_public() -> None:
    permissions = {handler.fn.__name__: handler.opt.get("permission") for handler in ROUTES}
    assert all(isinstance(permission, Permission) for permission in permissions.values()), permissions
    assert [name for name, permission in permissions.items() if permission is Permission.PUBLIC] == ["login"]


def test_every_route_says_what_it_does() -> None:
    assert all(handler.fn.__doc__ for handler in ROUTES)


def test_a_role_that_nobody_knows_may_nothing_but_ask_who_it_is() -> None:
    assert [permission for permission in Permission if allows("intern", permission)] == [Permission.SIGNED_IN]
    assert [permission for permission in Permission if allows(None, permission)] == [Permission.SIGNED_IN]
    assert ROLES["admin"] == set(Permission)


def test_nothing_answers_without_a_token(server: Any) -> None:
    with server.client() as client:
        paths = client.get("/api/openapi.json").json()["paths"]
        checked = 0
        for path, methods in paths.items():
            for method in methods:
                if path.endswith("/login"):
                    continue
                url = path.replace("{host_id}", "1").replace("{live_query_id}", "1").replace("{identifier}", "x")
                reply = client.request(method, url, json={"query": "select 1"} if method == "post" else None)
                assert reply.status_code == 401, (method, path, reply.text)
                assert set(reply.json()) == {"message", "errors", "uuid"}
                checked += 1
        assert checked >= 20


@pytest.mark.parametrize("version", ["v1", "latest", "2022-04"])
def test_every_version_of_the_api_is_the_same(api: httpx.Client, version: str) -> None:
    assert api.get(f"/api/{version}/fleet/me").status_code == 200
    assert api.get(f"/api/{version}/leadline/live_queries").status_code == 200


@pytest.mark.parametrize("path", ["/api/v2/fleet/me", "/api/fleet/me", "/api/v1/fleet/nope", "/api/", "/api/v1/"])
def test_other_paths_are_not_found_in_fleets_words(api: httpx.Client, path: str) -> None:
    reply = api.get(path)
    assert reply.status_code == 404
    assert reply.json()["message"] == "Resource Not Found"


def test_a_wrong_method_is_said(api: httpx.Client) -> None:
    assert api.put("/api/v1/fleet/me").status_code == 405


def test_a_large_body_is_refused(api: httpx.Client) -> None:
    reply = api.post("/api/v1/fleet/queries/run", content=b'{"query":"' + b"x" * (2 << 20) + b'"}')
    assert reply.status_code == 413


def test_the_enroll_secret_can_be_read_by_those_who_may(server: Any, api: httpx.Client) -> None:
    reply = api.get("/api/latest/fleet/spec/enroll_secret")
    (secret,) = reply.json()["spec"]["secrets"]
    assert secret["secret"] == server.ready.enroll_secret
    assert reply.headers["cache-control"] == "no-store"


def test_the_server_says_who_it_is(server: Any, api: httpx.Client) -> None:
    about = api.get("/api/latest/leadline/server").json()
    assert about["base_url"] == server.url
    assert api.get("/api/latest/fleet/me").headers["cache-control"] == "no-store"
    assert about["osquery_version"] == "5.23.0"


def test_the_catalogue_is_sent_once(api: httpx.Client) -> None:
    reply = api.get("/api/latest/leadline/catalogue")
    assert reply.status_code == 200
    assert "processes" in {table["name"] for table in reply.json()["tables"]}
    again = api.get("/api/latest/leadline/catalogue", headers={"If-None-Match": reply.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_health_needs_no_token(server: Any) -> None:
    with server.client() as client:
        assert client.get("/healthz").json() == {"status": "ok"}


def test_metrics_count_check_ins(server: Any, agent: Any) -> None:
    agent.read()
    with server.client() as client:
        text = client.get("/metrics").text
        values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        assert float(values['leadline_checkins_total{endpoint="distributed_read"}']) >= 2
        assert float(values["leadline_hosts"]) >= 1
        assert "process_cpu_seconds_total" in values
        assert agent.identifier not in text
