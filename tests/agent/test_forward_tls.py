"""Forwarding to osquery's TLS API: what a server may answer, and a process that is killed while it sends."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from threading import Event
from typing import Any

import pytest

from leadline.agent import buffer
from leadline.agent.forward import Stream
from leadline.agent.state import State
from leadline.flags import Flags
from leadline.plugins.logger.tls import TLS


class Keys:
    """A node key as the enrollment keeps it: after an invalid one the next is another."""

    def __init__(self, fleet: Any) -> None:
        self.fleet = fleet
        self.number = 1
        fleet.keys.add("key1")

    def key(self) -> str:
        return f"key{self.number}"

    def invalid(self, key: str) -> None:
        assert key == self.key()
        self.number += 1
        self.fleet.keys = {self.key()}


class Surroundings:
    """What the TLS logger needs of an agent."""

    def __init__(self, fleet: Any, directory: Path) -> None:
        self.flags = Flags()
        for name, value in (
            ("tls_hostname", f"localhost:{fleet.port}"),
            ("tls_server_certs", str(fleet.authority.path)),
            ("logger_tls_endpoint", "/log"),
            ("logger_path", str(directory / "log")),
        ):
            self.flags.set(name, value, "command line")
        self.keys = Keys(fleet)
        self.stopping = Event()


@pytest.fixture
def stream(fleet: Any, tmp_path: Path) -> Iterator[Stream]:
    surroundings: Any = Surroundings(fleet, tmp_path)
    logger = TLS(surroundings)
    state = State(None)
    buffer.add(state, ["tls"], "result", [f'{{"n":{number}}}' for number in range(2000)])
    yield Stream(state, surroundings.flags, "tls", logger, "result")
    logger.close()
    state.close()


def wait(stream: Stream) -> float:
    """Seconds until the stream is due."""
    return stream.due - time.monotonic()


def test_batches_have_as_many_lines_as_the_flag_says(stream: Stream, fleet: Any) -> None:
    assert stream.deliver()
    assert 0.9 < wait(stream) < 1.1  # 1024 lines at 1000 a second
    assert stream.deliver()
    assert not stream.deliver()
    assert 3.9 < wait(stream) <= 4
    assert [len(request.body["data"]) for request in fleet.seen("/log")] == [1024, 976]
    assert [line["n"] for line in fleet.data("result")] == list(range(2000))
    assert fleet.connections == 1


def test_an_unknown_node_enrolls_anew_and_nothing_is_lost(stream: Stream, fleet: Any) -> None:
    fleet.keys = set()
    assert not stream.deliver()
    assert 3.9 < wait(stream) <= 4
    while stream.deliver():
        pass
    taken = [request for request in fleet.seen("/log") if request.body["node_key"] == "key2"]
    assert [line["n"] for request in taken for line in request.body["data"]] == list(range(2000))


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        ((200, b'{"error":"busy"}', {}), 4),
        ((200, b"<html>", {}), 4),
        ((500, b"", {}), 4),
        ((503, b"{}", {"Retry-After": "2"}), 4),
        ((429, b"{}", {"Retry-After": "90"}), 90),
    ],
)
def test_a_refusal_keeps_the_lines_and_waits(stream: Stream, fleet: Any, answer: Any, seconds: int) -> None:
    fleet.answers["/log"].append(answer)
    assert not stream.deliver()
    assert seconds - 0.2 < wait(stream) <= seconds
    assert buffer.waiting(stream.state, "tls") == 2000
    assert stream.deliver()
    assert fleet.seen("/log")[1].body["data"][0] == {"n": 0}


def test_the_wait_grows_to_the_limit_of_the_flag(stream: Stream, fleet: Any) -> None:
    stream.flags.set("logger_tls_backoff_max", "50")
    fleet.answers["/log"].extend([(500, b"", {})] * 5)
    waits = []
    for _ in range(5):
        assert not stream.deliver()
        waits.append(round(wait(stream)))
    assert waits == [4, 16, 36, 50, 50]


def test_a_body_that_is_too_large_is_made_smaller_at_once(stream: Stream, fleet: Any) -> None:
    fleet.answers["/log"].extend([(413, b"", {})] * 2)
    for _ in range(3):
        assert stream.deliver()
    assert [len(request.body["data"]) for request in fleet.seen("/log")] == [1024, 512, 256]
    assert stream.failures == 0


def test_a_line_that_is_too_long_is_told_and_kept_in_a_file(
    stream: Stream, fleet: Any, tmp_path: Path, caplog: Any
) -> None:
    stream.flags.set("logger_tls_max_linesize", "8")
    while stream.deliver():
        pass
    assert len(fleet.data("result")) == 100
    kept = (tmp_path / "log" / "osqueryd.rejected.log").read_text().splitlines()
    assert len(kept) == 1900
    assert json.loads(kept[0])["line"] == '{"n":100}'
    assert any("Linesize exceeds TLS logger maximum: 9" in message for message in caplog.messages)


def test_every_line_arrives_at_least_once_when_the_process_is_killed_while_it_sends(
    daemon: Callable[..., Any], fleet: Any, tmp_path: Path
) -> None:
    amount = 30_000
    (tmp_path / "db").mkdir()
    state = State(str(tmp_path / "db" / "agent.db"))
    buffer.add(state, ["tls"], "result", [f'{{"n":{number},"pad":"{"x" * 400}"}}' for number in range(amount)])
    state.close()
    random = Random(20261124)
    flags = [*fleet.flags(tmp_path), "--logger_backlog_rate=0", "--logger_tls_max_lines=100", "--disable_distributed"]
    kills = 0
    for _ in range(5):
        seen = len(fleet.seen("/log"))
        running = daemon(*flags)
        running.until(lambda seen=seen: len(fleet.seen("/log")) > seen)
        time.sleep(random.uniform(0.0, 0.1))
        kills += running.process.poll() is None
        running.process.kill()
        running.process.wait()
    assert kills == 5
    running = daemon(*flags)
    last = f'{{"n":{amount - 1},'  # lines come in order
    running.until(lambda: any(last in request.text for request in fleet.seen("/log")[-5:]), 60)
    assert running.stop() == 0
    counts = Counter(line["n"] for line in fleet.data("result") if "n" in line)
    assert set(counts) == set(range(amount))
    assert sum(count - 1 for count in counts.values()) <= kills * 100  # what was sent again: a batch for each end
    state = State(str(tmp_path / "db" / "agent.db"))
    assert buffer.peek(state, "tls", ["result", "snapshot"], 10, 1000).lines == []
    state.close()
