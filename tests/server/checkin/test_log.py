"""Log lines: passed on untouched, acknowledged when they are on disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

LINE = (
    '{"name":"t","hostIdentifier":"d","calendarTime":"...","unixTime":1795500382,"epoch":0,"counter":0,'
    '"numerics":false,"decorations":{"u":"d"},"columns":{"unix_time":"1795500382","x":"%s"},"action":"added"}'
)


def lines(server: Any, name: str) -> list[str]:
    return Path(server.data, "logs", f"osqueryd.{name}.log").read_text().splitlines()


def test_result_lines_are_written_as_they_came(server: Any, agent: Any) -> None:
    line = LINE % "as they came"
    body = '{"node_key":"%s","log_type":"result","data":[%s]}' % (agent.key, line)  # noqa: UP031
    reply = agent.post("log", body.encode(), packed=True)
    assert (reply.status_code, reply.content) == (200, b"{}")
    assert lines(server, "results")[-1] == line


def test_status_lines_have_their_own_file(server: Any, agent: Any) -> None:
    line = {"hostIdentifier": "d", "severity": 0, "filename": "init.cpp", "line": 410, "message": "a status"}
    assert agent.post("log", {"node_key": agent.key, "log_type": "status", "data": [line]}).status_code == 200
    assert json.loads(lines(server, "status")[-1]) == line


def test_an_entry_is_always_one_line(server: Any, agent: Any) -> None:
    body = (
        b'{"node_key":"%s","log_type":"result","data":[{\n "a":\r\n "b\\nc"},"text",7,[1],null]}' % agent.key.encode()
    )
    before = len(lines(server, "results")) if Path(server.data, "logs", "osqueryd.results.log").exists() else 0
    assert agent.post("log", body).status_code == 200
    assert lines(server, "results")[before:] == ['{"a":"b\\nc"}']


def test_bytes_that_are_no_utf8_become_readable(server: Any, agent: Any) -> None:
    body = b'{"node_key":"%s","log_type":"result","data":[{"path":"/\xff"}]}' % agent.key.encode()
    assert agent.post("log", body).status_code == 200
    assert lines(server, "results")[-1] == '{"path":"/\ufffd"}'


def test_an_unknown_kind_of_log_is_refused_and_the_server_lives(agent: Any) -> None:
    for kind in ("string", "", "RESULT"):
        reply = agent.post("log", {"node_key": agent.key, "log_type": kind, "data": [{}]})
        assert reply.status_code == 400
        assert "error" in reply.json()
    assert agent.post("log", {"node_key": agent.key, "log_type": "result"}).status_code == 200


def test_too_large_a_log_is_refused_with_an_error(agent: Any) -> None:
    reply = agent.post("log", b"{" + b" " * (11 << 20), packed=True)
    assert reply.status_code == 413
    assert "node_invalid" not in reply.json()


def test_lines_are_kept_by_the_agent_when_they_cannot_be_written(own_server: Any, kit: Any) -> None:
    with kit.agent(own_server) as agent:
        agent.enroll()
        path = Path(own_server.data, "logs", "osqueryd.results.log")
        path.symlink_to("/dev/full")
        reply = agent.post("log", {"node_key": agent.key, "log_type": "result", "data": [{"a": "1"}]})
        assert reply.status_code == 503
        assert "error" in reply.json()
        assert "node_invalid" not in reply.json()
        assert int(reply.headers["retry-after"]) > 0
        path.unlink()
        assert agent.post("log", {"node_key": agent.key, "log_type": "result", "data": [{"a": "2"}]}).status_code == 200
        assert path.read_text() == '{"a":"2"}\n'
