from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

import apsw
import pytest

from leadline.agent import buffer, rejected
from leadline.agent.forward import Forwarder, Stream
from leadline.agent.state import State
from leadline.flags import Flags
from leadline.plugins.errors import IncompleteError, PluginError, RefusedError
from leadline.plugins.kinds import Status
from leadline.plugins.logger.filesystem import Filesystem


class Destination:
    """A logger whose deliveries the test decides: it takes lines, refuses them, or ends the process after them."""

    streams = {"result": ("result", "snapshot")}  # noqa: RUF012
    period = 0.0
    most = 8
    patience = 100.0

    def __init__(self) -> None:
        self.taken: list[list[str]] = []
        self.refusals: list[PluginError] = []

    def start(self) -> None:
        pass

    def mark(self, stream: str) -> str:
        return ""

    def send(self, stream: str, lines: Sequence[str], receipt: str) -> str:
        if self.refusals:
            raise self.refusals.pop(0)
        self.taken.append(list(lines))
        return str(len(self.taken))

    def status(self, message: Status) -> None:
        pass

    def cancel(self) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    made = State(str(tmp_path / "agent.db"))
    yield made
    made.close()


def test_results_and_snapshots_are_delivered_in_the_order_they_were_made(state: State) -> None:
    buffer.add(state, ["d"], "result", ["1"])
    buffer.add(state, ["d"], "snapshot", ["2"])
    buffer.add(state, ["d"], "result", ["3"])
    destination = Destination()
    stream = Stream(state, Flags(), "d", destination, "result")
    assert stream.deliver()
    assert destination.taken == [["1", "2", "3"]]
    assert state.get("receipts", "d.result") == "1"
    assert not stream.deliver()


def test_refused_lines_stay_wait_longer_each_time_and_come_in_smaller_batches(state: State) -> None:
    buffer.add(state, ["d"], "result", [str(number) for number in range(8)])
    destination = Destination()
    destination.refusals = [RefusedError("no"), RefusedError("no"), RefusedError("busy", retry_after=50)]
    stream = Stream(state, Flags(), "d", destination, "result")
    for wait in (1, 4, 50):
        assert not stream.deliver()
        assert wait - 1 < stream.due - monotonic() <= wait
    assert stream.deliver()
    assert destination.taken == [["0"]]
    assert stream.deliver()
    assert destination.taken[1] == ["1", "2", "3", "4", "5", "6", "7"]


def test_the_wait_has_a_limit(state: State) -> None:
    buffer.add(state, ["d"], "result", ["1"])
    destination = Destination()
    destination.refusals = [RefusedError("no")] * 20
    stream = Stream(state, Flags(), "d", destination, "result")
    for _ in range(20):
        stream.deliver()
    assert stream.due - monotonic() <= 100


def test_a_destination_cannot_ask_for_a_wait_of_years(state: State) -> None:
    buffer.add(state, ["d"], "result", ["1"])
    destination = Destination()
    destination.refusals = [RefusedError("busy", retry_after=10**9)]
    stream = Stream(state, Flags(), "d", destination, "result")
    stream.deliver()
    assert 3590 < stream.due - monotonic() <= 3600


def test_a_forwarder_delivers_when_it_is_woken_and_a_last_time_when_it_ends(state: State) -> None:
    destination, stopping = Destination(), Event()
    forwarder = Forwarder("d", destination, state, Flags(), stopping, lambda: None)
    forwarder.start()
    buffer.add(state, ["d"], "result", ["1"])
    forwarder.wake.set()
    end = monotonic() + 5
    while not destination.taken and monotonic() < end:
        Event().wait(0.01)
    assert destination.taken == [["1"]]
    buffer.add(state, ["d"], "result", ["2"])
    stopping.set()
    forwarder.stop()
    forwarder.join(5)
    assert not forwarder.is_alive()
    assert destination.taken == [["1"], ["2"]]


def test_the_buffer_keeps_to_its_limit_and_tells_once_what_it_dropped(state: State, caplog: Any) -> None:
    flags = Flags()
    flags.set("buffered_log_max", "3")
    destination = Destination()
    destination.refusals = [RefusedError("no")]
    buffer.add(state, ["d"], "result", [str(number) for number in range(10)])
    forwarder = Forwarder("d", destination, state, flags, Event(), lambda: None)
    forwarder.round()
    assert buffer.peek(state, "d", ["result"], 10, 100).lines == ["7", "8", "9"]
    sentence = "The buffer of the logger d is full (--buffered_log_max): dropped the 7 oldest lines (7 result)"
    assert sentence in caplog.messages
    buffer.add(state, ["d"], "result", ["10", "11"])
    forwarder.round()
    assert sum("is full" in message for message in caplog.messages) == 1
    assert forwarder.dropped == {"result": 2}
    forwarder.stopping.set()
    forwarder.round()
    assert caplog.messages[-1].endswith("dropped the 2 oldest lines (2 result)")


def test_lines_that_were_left_stay_and_refused_ones_are_kept_where_they_can_be_seen(
    state: State, tmp_path: Path, caplog: Any
) -> None:
    flags = Flags()
    flags.set("logger_path", str(tmp_path / "log"))
    destination = Destination()
    buffer.add(state, ["d"], "result", ["0", "1", "2", "3"])
    stream = Stream(state, flags, "d", destination, "result")
    destination.refusals = [IncompleteError("some", [3], {1: "too long"})]
    assert not stream.deliver()
    assert stream.failures == 1
    assert buffer.peek(state, "d", ["result"], 10, 100).lines == ["3"]
    (kept,) = (tmp_path / "log" / "osqueryd.rejected.log").read_text().splitlines()
    found = json.loads(kept)
    assert (found["logger"], found["reason"], found["line"]) == ("d", "too long", "1")
    assert any("will not take 1 lines (too long)" in message for message in caplog.messages)
    destination.refusals = [IncompleteError("none", [], {0: "wrong"})]
    assert stream.deliver()
    assert stream.failures == 0
    assert buffer.waiting(state, "d") == 0


def test_the_file_of_refused_lines_has_a_limit(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(rejected, "MAX_SIZE", 500)
    flags = Flags()
    flags.set("logger_path", str(tmp_path))
    for number in range(9):
        rejected.keep(flags, "d", [("x" * 100, str(number))])
    path = tmp_path / "osqueryd.rejected.log"
    assert path.stat().st_size + (tmp_path / "osqueryd.rejected.log.1").stat().st_size < 1500
    assert json.loads(path.read_text().splitlines()[-1])["reason"] == "8"


def test_a_body_that_is_too_large_is_halved_at_once_until_it_fits(state: State, tmp_path: Path) -> None:
    class Small(Destination):
        def send(self, stream: str, lines: Sequence[str], receipt: str) -> str:
            if sum(map(len, lines)) > 20:
                raise RefusedError("Request failed: the server answered 413", status=413)
            return super().send(stream, lines, receipt)

    flags = Flags()
    flags.set("logger_path", str(tmp_path))
    lines = ["x" * 8 + str(number) for number in range(8)] + ["y" * 40, "z"]
    buffer.add(state, ["d"], "result", lines)
    destination = Small()
    stream = Stream(state, flags, "d", destination, "result")
    while stream.deliver():
        pass
    assert stream.failures == 0
    assert [line for batch in destination.taken for line in batch] == [*lines[:8], "z"]
    assert json.loads((tmp_path / "osqueryd.rejected.log").read_text())["line"] == "y" * 40


class Periodic(Destination):
    """A destination with a period."""

    period = 30.0


@pytest.mark.parametrize(("rate", "least", "most"), [(16, 0.4, 0.5), (4, 1.9, 2.0), (0, -1.0, 0.0)])
def test_a_backlog_is_sent_at_the_rate_of_the_flag(state: State, rate: int, least: float, most: float) -> None:
    flags = Flags()
    flags.set("logger_backlog_rate", str(rate))
    buffer.add(state, ["d"], "result", [str(number) for number in range(20)])
    stream = Stream(state, flags, "d", Periodic(), "result")
    assert stream.deliver()
    assert least <= stream.due - monotonic() <= most
    stream.deliver()
    stream.deliver()
    assert 29 < stream.due - monotonic() <= 30


def test_one_logger_that_is_down_does_not_keep_lines_from_another(state: State) -> None:
    flags = Flags()
    good, bad = Destination(), Destination()
    bad.refusals = [RefusedError("no")] * 9
    buffer.add(state, ["good", "bad"], "result", ["1", "2"])
    for name, destination in (("good", good), ("bad", bad)):
        Forwarder(name, destination, state, flags, Event(), lambda: None).round()
    assert good.taken == [["1", "2"]]
    assert [buffer.waiting(state, name) for name in ("good", "bad")] == [0, 2]


def test_a_full_disk_under_the_state_repeats_no_delivery(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", disk], check=False).returncode:
        pytest.skip("file systems cannot be mounted here")
    state = State(str(disk / "agent.db"))
    try:
        buffer.add(state, ["d"], "result", ["x" * 4000 + str(number) for number in range(60)])
        destination = Destination()
        stream = Stream(state, Flags(), "d", destination, "result")
        assert stream.deliver()
        with contextlib.suppress(OSError), (disk / "filler").open("wb", buffering=0) as file:
            while file.write(b"x" * 4096):
                pass
        with pytest.raises(apsw.FullError):
            buffer.add(state, ["d"], "result", ["y" * 400_000])
        while stream.deliver():
            pass
        assert stream.failures == 1
        sent = len(destination.taken)
        assert sent > 1  # the last one could not be written down
        stream.deliver()
        assert len(destination.taken) == sent
        (disk / "filler").unlink()
        while stream.deliver():
            pass
        numbers = [int(line.lstrip("x")) for batch in destination.taken for line in batch]
        assert numbers == list(range(60))
    finally:
        state.close()
        subprocess.run(["umount", disk], check=True)


class Surroundings:
    """What the filesystem logger needs of an agent."""

    def __init__(self, directory: Path) -> None:
        self.flags = Flags()
        self.flags.set("logger_path", str(directory))


class Ending:
    """The filesystem logger in a process that ends between the delivery and the note that it was made."""

    def __init__(self, real: Filesystem) -> None:
        self.real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def send(self, stream: str, lines: Sequence[str], receipt: str) -> str:
        self.real.send(stream, lines, receipt)
        os._exit(9)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_process_that_ends_after_the_delivery_repeats_nothing_when_it_is_back(tmp_path: Path) -> None:
    def round(lines: list[str], *, die: bool) -> None:
        logger: Any = Filesystem(Surroundings(tmp_path / "log"))  # type: ignore[arg-type]
        logger.start()
        state = State(str(tmp_path / "agent.db"))
        buffer.add(state, ["filesystem"], "result", lines)
        Stream(state, Flags(), "filesystem", Ending(logger) if die else logger, "result").deliver()
        state.close()

    for lines in (["1", "2"], ["3"], ["4", "5"]):
        child = os.fork()
        if not child:
            round(lines, die=True)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    round(["6"], die=False)
    assert (tmp_path / "log" / "osqueryd.results.log").read_text() == "1\n2\n3\n4\n5\n6\n"
