"""Signing in and out, and what keeps other sites and guessers away."""

from __future__ import annotations

import time
from collections.abc import Iterator
from http.cookies import SimpleCookie
from typing import Any

import httpx
import pytest

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def token(server: Any) -> str:
    with server.client() as client:
        reply = sign_in(client, server)
        assert reply.status_code == 200, reply.text
        value: str = reply.json()["token"]
        return value


@pytest.fixture
def browser(server: Any, token: str) -> Iterator[httpx.Client]:
    """A client that has the session cookie, as a page of ours."""
    with server.client(cookies={"leadline_session": token}) as client:
        yield client


def sign_in(client: httpx.Client, server: Any, **change: Any) -> httpx.Response:
    body = {"email": server.ready.email, "password": server.ready.password, **change}
    return client.post("/api/v1/fleet/login", json=body)


def test_signing_in_gives_a_token_and_a_guarded_cookie(server: Any) -> None:
    with server.client() as client:
        reply = sign_in(client, server, email=server.ready.email.upper())
        body = reply.json()
        assert body["user"]["global_role"] == "admin"
        assert body["available_teams"] == []
        assert "password_hash" not in reply.text
        cookie = SimpleCookie(reply.headers["set-cookie"])["leadline_session"]
        assert cookie.value == body["token"]
        assert cookie["httponly"]
        assert cookie["secure"]
        assert cookie["samesite"].lower() == "strict"
        assert cookie["path"] == "/"
        me = client.get("/api/latest/fleet/me", headers={"Authorization": f"Bearer {body['token']}"})
        assert me.json()["user"] == body["user"]


def test_a_wrong_password_and_an_unknown_account_look_alike_and_take_alike(server: Any) -> None:
    with server.client() as client:
        took = []
        texts = []
        for change in ({"password": "wrong"}, {"email": "nobody@example.org"}):
            before = time.perf_counter()
            reply = sign_in(client, server, **change)
            took.append(time.perf_counter() - before)
            assert reply.status_code == 401
            texts.append((reply.json()["message"], reply.json()["errors"]))
        assert texts[0] == texts[1]
        assert min(took) > 0.005, "the hash was computed for both"


@pytest.mark.parametrize("body", [{}, {"email": "a"}, {"email": 5, "password": "x"}, [], "x", None])
def test_a_malformed_sign_in_is_a_client_error(server: Any, body: Any) -> None:
    with server.client() as client:
        reply = client.post("/api/v1/fleet/login", json=body)
        assert reply.status_code in (400, 422)
        assert {"message", "errors", "uuid"} == set(reply.json())


def test_signing_out_ends_the_session(server: Any, own_server: Any) -> None:
    with own_server.client() as client:
        token = sign_in(client, own_server).json()["token"]
        headers = {"Authorization": f"Bearer {token}"}
        assert client.get("/api/v1/fleet/me", headers=headers).status_code == 200
        client.cookies.clear()
        reply = client.post("/api/v1/fleet/logout", headers=headers)
        assert reply.status_code == 200
        assert "Max-Age=0" in reply.headers["set-cookie"]
        assert client.get("/api/v1/fleet/me", headers=headers).status_code == 401


def test_the_cookie_alone_reads(browser: httpx.Client) -> None:
    assert browser.get("/api/v1/fleet/hosts").status_code == 200


def test_the_cookie_changes_something_only_from_our_own_pages(browser: httpx.Client) -> None:
    own = str(browser.base_url).rstrip("/")
    path, body = "/api/v1/fleet/queries/run", b'{"query":"select 1","selected":{"hosts":[]}}'

    def post(**headers: str) -> int:
        return browser.post(path, content=body, headers=headers).status_code

    assert post(**JSON, Origin=own) == 400, "gets through to 'no hosts targeted'"
    assert post(**JSON) == 403, "no Origin"
    assert post(**JSON, Origin="https://evil.example") == 403
    assert post(**JSON, Origin="null") == 403
    assert post(**JSON, Origin=own.replace("https://", "https://evil.")) == 403
    assert post(Origin=own, **{"Content-Type": "text/plain"}) == 415
    assert post(Origin=own, **{"Content-Type": "application/x-www-form-urlencoded"}) == 415
    assert post(Origin=own) == 415


def test_a_bearer_token_needs_no_origin_but_a_foreign_one_is_refused(server: Any, api: httpx.Client) -> None:
    body = {"query": "select 1", "selected": {"hosts": []}}
    assert api.post("/api/v1/fleet/queries/run", json=body).status_code == 400
    foreign = {"Origin": "https://evil.example"}
    assert api.post("/api/v1/fleet/queries/run", json=body, headers=foreign).status_code == 403


def test_tokens_that_are_wrong_open_nothing(server: Any) -> None:
    with server.client() as client:
        for value in ("Bearer wrong", "Bearer", "Basic abc", "bearer \xe9"):
            reply = client.get("/api/v1/fleet/me", headers={"Authorization": value.encode("latin-1")})
            assert reply.status_code == 401
        client.cookies.set("leadline_session", "wrong")
        assert client.get("/api/v1/fleet/me").status_code == 401


def test_guessing_passwords_is_slowed_down_and_no_header_helps(own_server: Any) -> None:
    with own_server.client() as client:
        codes = []
        for number in range(12):
            spoofed = {"X-Forwarded-For": f"192.0.2.{number}", "X-Real-IP": f"192.0.2.{number}"}
            body = {"email": f"user{number}@example.org", "password": "guess"}
            codes.append(client.post("/api/v1/fleet/login", json=body, headers=spoofed).status_code)
        assert codes[:10] == [401] * 10
        assert codes[10:] == [429] * 2
        reply = sign_in(client, own_server)
        assert reply.status_code == 429
        assert int(reply.headers["retry-after"]) > 0


def test_passwords_and_tokens_are_not_logged(server: Any, token: str) -> None:
    with server.client() as client:
        sign_in(client, server, password="wrong-password-value")
    assert server.ready.password not in server.log.replace(f"password {server.ready.password}", "")
    assert "wrong-password-value" not in server.log
    assert token not in server.log
