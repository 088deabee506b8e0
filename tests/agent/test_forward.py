from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

import pytest

from leadline.agent import buffer
from leadline.agent.forward import Forwarder, Stream
from leadline.agent.state import State
from leadline.flags import Flags
from leadline.plugins.errors import PluginError, RefusedError
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


def test_the_buffer_keeps_to_its_limit_while_nothing_is_taken(state: State) -> None:
    flags = Flags()
    flags.set("buffered_log_max", "3")
    destination = Destination()
    destination.refusals = [RefusedError("no")]
    buffer.add(state, ["d"], "result", [str(number) for number in range(10)])
    Forwarder("d", destination, state, flags, Event(), lambda: None).round()
    assert buffer.peek(state, "d", ["result"], 10, 100).lines == ["7", "8", "9"]


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
