"""The syslog logger, with a datagram socket in the place of /dev/log."""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from leadline.plugins.errors import IncompleteError
from leadline.plugins.logger.syslog import Syslog

STATUS = json.dumps({"severity": 2, "filename": "a.py", "line": 7, "message": "trouble é", "decorations": {}})


def service(path: Path) -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    made.bind(str(path))
    made.settimeout(5)
    return made


@pytest.fixture
def listening(tmp_path: Path, surroundings: Any) -> Iterator[socket.socket]:
    surroundings.set(logger_syslog_socket=tmp_path / "log")
    with service(tmp_path / "log") as made:
        yield made


@pytest.fixture
def logger(surroundings: Any) -> Iterator[Syslog]:
    made = Syslog(surroundings)
    made.start()
    yield made
    made.close()


def test_a_result_is_a_datagram_of_priority_info(listening: socket.socket, logger: Syslog) -> None:
    assert logger.send("result", ['{"name":"é"}', "{}"], "") == ""
    first = listening.recv(1000).decode()
    pattern = rf'<158>[A-Z][a-z]{{2}} [ \d]\d \d\d:\d\d:\d\d osqueryd\[{os.getpid()}\]: \{{"name":"é"\}}'
    assert re.fullmatch(pattern, first)
    assert listening.recv(1000).endswith(b"]: {}")


def test_facility_and_cookie_are_what_the_flags_say(listening: Any, logger: Syslog, surroundings: Any) -> None:
    surroundings.set(logger_syslog_facility=3, logger_syslog_prepend_cee="true")
    logger.send("result", ["{}"], "")
    received = listening.recv(1000)
    assert received.startswith(b"<30>")
    assert received.endswith(b"]: @cee:{}")
    surroundings.set(logger_syslog_facility=99)
    logger.send("result", ["{}"], "")
    assert listening.recv(1000).startswith(b"<158>")


@pytest.mark.parametrize(("severity", "priority"), [(0, 5), (1, 4), (2, 3), (3, 2)])
def test_a_status_message_has_its_own_form_and_priority(
    listening: socket.socket, logger: Syslog, severity: int, priority: int
) -> None:
    line = json.dumps({"severity": severity, "filename": "a.py", "line": 7, "message": "trouble é"})
    logger.send("status", [line], "")
    received = listening.recv(1000).decode()
    assert received.startswith(f"<{19 * 8 + priority}>")
    assert received.endswith(f"]: severity={severity} location=a.py:7 message=trouble é")


def test_a_service_that_is_away_gets_its_lines_when_it_is_back(
    listening: socket.socket, logger: Syslog, tmp_path: Path
) -> None:
    logger.send("result", ["1"], "")
    listening.close()
    (tmp_path / "log").unlink()
    with pytest.raises(IncompleteError, match="Cannot write to syslog at") as caught:
        logger.send("result", ["2", "3"], "")
    assert caught.value.left == {0, 1}
    with service(tmp_path / "log") as again:
        logger.send("result", ["2", "3"], "")
        assert [again.recv(100)[-1:] for _ in range(2)] == [b"2", b"3"]
    (tmp_path / "log").unlink()
    with service(tmp_path / "log") as restarted:
        logger.send("result", ["4"], "")  # the first try meets the socket of the old service
        assert restarted.recv(100).endswith(b"4")


def test_a_line_that_no_datagram_can_hold_is_refused_and_the_others_are_sent(
    listening: socket.socket, logger: Syslog
) -> None:
    with pytest.raises(IncompleteError) as caught:
        logger.send("result", ["1", "x" * 2_000_000, "3"], "")
    assert caught.value.left == frozenset()
    assert list(caught.value.refused) == [1]
    assert [listening.recv(100)[-1:] for _ in range(2)] == [b"1", b"3"]


def test_a_service_that_does_not_read_leaves_the_rest_for_later(
    listening: socket.socket, logger: Syslog, monkeypatch: Any
) -> None:
    monkeypatch.setattr("leadline.plugins.logger.syslog.PATIENCE", 0.1)
    with pytest.raises(IncompleteError) as caught:
        logger.send("result", [str(number) for number in range(5000)], "")
    first = min(caught.value.left)
    assert caught.value.left == frozenset(range(first, 5000))
    for number in range(first):
        assert listening.recv(100).decode().rpartition(" ")[2] == str(number)
