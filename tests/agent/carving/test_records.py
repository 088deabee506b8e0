from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from leadline.agent.carving import origin
from leadline.agent.carving.errors import DATA_POST_FAILED
from leadline.agent.carving.records import MOST_ENDED, MOST_TEXT, MOST_WAITING, SUCCESS, Records
from leadline.agent.state import UPGRADES, State, open_state
from leadline.flags import Flags


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000

    def __call__(self) -> float:
        return self.now + 0.5


@pytest.fixture
def flags() -> Flags:
    found = Flags()
    found.set("disable_carver", "false", "command line")
    return found


def test_a_carve_is_kept_with_what_asked_for_it(tmp_path: Path, flags: Flags) -> None:
    state, _ = open_state(str(tmp_path))
    records = Records(state, flags, Clock())
    woken: list[bool] = []
    records.wake = lambda: woken.append(True)
    with origin.request("q1"):
        guid, reason = records.ask([], [("LIKE", "/etc/%%"), ("LIKE", "%.conf")])
    assert (len(guid), reason, woken) == (36, "", [True])
    other, _ = records.ask(["/a,b", "/c"])
    state.close()
    state, _ = open_state(str(tmp_path))
    first, second = Records(state, flags).rows()
    assert first == (1_000_000, "", -1, "/etc/%%,%.conf", "SCHEDULED", guid, "q1")
    assert second[3:6] == ("/a,b,/c", "SCHEDULED", other)
    assert len(second[6]) == 36
    assert [record.wanted.names for record in Records(state, flags).waiting()] == [[], ["/a,b", "/c"]]
    state.close()


def test_what_cannot_be_carved_is_refused_with_the_reason(flags: Flags) -> None:
    state = State(None)
    assert Records(state, Flags()).ask(["/a"]) == ("", "the carver is disabled (--disable_carver)")
    records = Records(state, flags)
    assert records.ask([]) == ("", "no path was given")
    assert records.ask(["x" * MOST_TEXT]) == ("", "the paths have more than 4 MiB; a pattern can stand for many")
    for _ in range(MOST_WAITING):
        assert records.ask(["/a"])[0]
    assert records.ask(["/a"]) == ("", "100 carves wait already")
    state.close()


def test_those_that_have_ended_are_shown_for_a_while_and_not_too_many(flags: Flags) -> None:
    state = State(None)
    clock = Clock()
    records = Records(state, flags, clock)
    guids = [records.ask([f"/{number}"])[0] for number in range(3)]
    records.end(guids[0], SUCCESS)
    clock.now += 1
    records.end(guids[1], DATA_POST_FAILED)
    clock.now += 86_400
    records.expire()
    assert [row[5] for row in records.rows()] == guids[1:]
    clock.now += 1
    records.expire()
    assert [row[5] for row in records.rows()] == guids[2:]
    for _ in range(MOST_ENDED + 2):
        records.end(records.ask(["/a"])[0], SUCCESS)
    records.expire()
    assert len(list(records.rows())) == MOST_ENDED + 1
    state.close()


@pytest.mark.parametrize("version", range(1, UPGRADES.index(next(one for one in UPGRADES if "carves" in str(one)))))
def test_a_state_of_before_carves_has_room_for_them(tmp_path: Path, flags: Flags, version: int) -> None:
    old = apsw.Connection(str(tmp_path / "agent.db"))
    for upgrade in UPGRADES[:version]:
        if callable(upgrade):
            upgrade(old)
        else:
            old.execute(upgrade)
    old.execute(f"PRAGMA user_version = {version}")
    old.close()
    state, mended = open_state(str(tmp_path))
    assert mended == ""
    assert Records(state, flags).ask(["/a"])[0]
    state.close()
