"""The curl table, asking real servers."""

from __future__ import annotations

import socket
from time import perf_counter

import pytest


@pytest.fixture
def told(answer, program):
    """``told(sql, **flags)``: rows and warnings."""

    def run(sql: str, root: str = "", **flags: str):
        warnings: list[str] = []
        rows = answer(sql, root, runtime=program(**flags), warn=lambda _, said: warnings.append(said))
        return rows, warnings

    return run


def test_an_answer_with_its_status_size_and_time(told, serving) -> None:
    port, requests = serving({"/a?b=c%20d": (200, {}, "größer".encode())})
    url = f"http://127.0.0.1:{port}/a?b=c%20d"
    rows, warnings = told(f"SELECT * FROM curl WHERE url = '{url}'")
    ((_, method, agent, status, microseconds, size, result),) = rows
    assert rows[0][0] == url
    assert (method, agent, status, size, result) == ("GET", "osquery", 200, 8, "größer")
    assert 0 < microseconds < 16_000_000
    assert warnings == []
    ((path, headers),) = requests
    assert path == "/a?b=c%20d"
    assert headers["host"] == f"127.0.0.1:{port}"
    assert headers["user-agent"] == "osquery"


def test_several_addresses_one_of_them_without_an_answer(told, serving) -> None:
    port, _ = serving({"/": (200, {}, b"one")})
    with socket.create_server(("127.0.0.1", 0)) as free:
        closed = free.getsockname()[1]
    urls = f"'http://127.0.0.1:{port}/', 'http://127.0.0.1:{closed}/', 'http://127.0.0.1:{port}/missing'"
    rows, warnings = told(f"SELECT url, response_code, bytes FROM curl WHERE url IN ({urls})")
    assert {(url.rpartition("/")[2], status, size) for url, status, size in rows} == {
        ("", 200, 3), ("", None, None), ("missing", 404, 12),
    }  # fmt: skip
    assert len(warnings) == 1
    assert f"127.0.0.1:{closed}" in warnings[0]


def test_the_agent_is_sent_without_line_ends(told, serving) -> None:
    port, requests = serving({"/": (200, {}, b"")})
    url = f"http://127.0.0.1:{port}/"
    rows, _ = told(
        f"SELECT user_agent FROM curl WHERE url = '{url}' AND user_agent = 'a' || char(13, 10) || 'X-Bad: b'"
    )
    assert rows == [("a\r\nX-Bad: b",)]
    assert requests[0][1]["user-agent"] == "aX-Bad: b"
    assert "x-bad" not in requests[0][1]
    assert told(f"SELECT 1 FROM curl WHERE url = '{url}' AND user_agent = 'a' AND user_agent = 'b'")[0] == []


def test_redirects_are_followed_ten_times(told, serving) -> None:
    chain = {f"/{number}": (302, {"Location": f"/{number + 1}"}, b"") for number in range(12)}
    port, _ = serving(
        {
            **chain,
            "/12": (200, {}, b"end"),
            "/circle": (301, {"Location": "circle"}, b""),
            "/nowhere": (307, {}, b""),
            "/file": (308, {"Location": "file:///etc/passwd"}, b""),
            "/late": (303, {"Location": "/3"}, b""),
        }
    )

    def ask(path: str) -> tuple[object, list[str]]:
        rows, warnings = told(f"SELECT response_code, result FROM curl WHERE url = 'http://localhost:{port}/{path}'")
        return rows[0], warnings

    assert ask("2") == ((200, "end"), [])
    assert ask("late") == ((200, "end"), [])
    assert ask("0")[0] == (None, None)
    assert "more than 10 redirects" in ask("circle")[1][0]
    assert "not where" in ask("nowhere")[1][0]
    assert "no address of the web" in ask("file")[1][0]


@pytest.mark.parametrize(
    "url",
    [
        "", "localhost", "file:///etc/passwd", "ftp://localhost/", "http://", "http://localhost:0/",
        "http://localhost:99999/", "http://[::1/", "http://a b/", "http://" + "a" * 300 + "/", "http://..example/",
    ],
)  # fmt: skip
def test_what_is_no_address_has_no_answer(told, url: str) -> None:
    rows, warnings = told(f"SELECT url, response_code FROM curl WHERE url IN ('{url}')")
    assert rows in ([(url, None)], [])
    assert bool(warnings) == bool(rows)


def test_a_server_is_verified_by_the_authorities_that_are_given(told, serving, issue, context) -> None:
    path = issue("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
    port, _ = serving({"/": (200, {}, b"safe")}, context(path))

    def ask(host: str, **flags: str) -> tuple[list[tuple[object, ...]], list[str]]:
        return told(f"SELECT result FROM curl WHERE url = 'https://{host}:{port}/'", **flags)

    assert ask("localhost", tls_server_certs=str(path)) == ([("safe",)], [])
    rows, warnings = ask("localhost")
    assert rows == [(None,)]
    assert "CERTIFICATE_VERIFY_FAILED" in warnings[0]
    assert "IP address mismatch" in ask("127.0.0.1", tls_server_certs=str(path))[1][0]


def test_an_answer_that_is_late_is_not_waited_for(told, silent, monkeypatch) -> None:
    monkeypatch.setattr("leadline.tables.network.curl._SECONDS", 0.3)
    start = perf_counter()
    rows, warnings = told(f"SELECT response_code FROM curl WHERE url = 'http://127.0.0.1:{silent}/'")
    assert rows == [(None,)]
    assert "within" in warnings[0]
    assert perf_counter() - start < 3


def test_an_answer_that_is_too_long_is_not_read(told, serving, monkeypatch) -> None:
    monkeypatch.setattr("leadline.tables.network.curl._LARGEST", 10_000)
    port, _ = serving({"/": (200, {}, b"x" * 20_000), "/lies": (200, {"Content-Length": "9999999999"}, b"x")})
    assert "longer than" in told(f"SELECT 1 FROM curl WHERE url = 'http://127.0.0.1:{port}/'")[1][0]
    assert told(f"SELECT bytes FROM curl WHERE url = 'http://127.0.0.1:{port}/lies'")[0] == [(None,)]


@pytest.mark.parametrize("reply", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 9999999 x\r\n\r\n", b"\x16\x03\x01\0\0" * 100])
def test_what_is_no_http_has_no_answer(told, reply: bytes) -> None:
    import threading

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            channel, _ = listener.accept()
            with channel:
                channel.recv(4096)
                channel.sendall(reply)

        thread = threading.Thread(target=serve)
        thread.start()
        rows, warnings = told(
            f"SELECT response_code FROM curl WHERE url = 'http://127.0.0.1:{listener.getsockname()[1]}/'"
        )
        thread.join()
    assert rows == [(None,)]
    assert len(warnings) == 1


def test_bytes_that_are_no_text_are_shown(told, serving) -> None:
    port, _ = serving({"/": (200, {}, b"a\xff\0b")})
    rows, _ = told(f"SELECT result, bytes FROM curl WHERE url = 'http://127.0.0.1:{port}/'")
    assert rows == [("a\\xFF\0b", 4)]


def test_under_another_root_nothing_is_asked(told, serving, tmp_path) -> None:
    port, requests = serving({})
    rows, warnings = told(f"SELECT response_code FROM curl WHERE url = 'http://127.0.0.1:{port}/'", str(tmp_path))
    assert (rows, len(warnings)) == ([], 1)
    assert requests == []
