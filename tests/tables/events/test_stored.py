"""Event tables: what a program has recorded, and nothing without one that records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from leadline.catalogue.index import TABLES
from leadline.flags import Flags
from leadline.shell.runtime import ShellRuntime
from leadline.sql.schema import Row

EVENTS = [
    "apparmor_events", "file_events", "hardware_events", "process_events", "process_file_events", "seccomp_events",
    "selinux_events", "socket_events", "syslog_events", "user_events", "yara_events",
]  # fmt: skip


class Recording(ShellRuntime):
    """A program that has recorded lines of syslog, one a second from 1000 on."""

    def __init__(self) -> None:
        super().__init__(Flags())
        self.asked: list[tuple[str, int, int]] = []

    def events(self, table: str, first: int, last: int) -> Iterable[Row] | None:
        self.asked.append((table, first, last))
        return self.lines(first, last) if table == "syslog_events" else None

    def lines(self, first: int, last: int) -> Iterator[Row]:
        for second in range(max(first, 1000), min(last, 1009) + 1):
            yield second, "", "web", 3, "auth", "sshd", f"line {second}", f"{second:010}"


def test_these_are_all_event_tables() -> None:
    assert sorted(name for name, module in TABLES.items() if module.startswith("leadline.tables.events.")) == EVENTS


@pytest.mark.parametrize("name", EVENTS)
def test_without_recorded_events_there_is_a_warning_and_no_row(answer, name: str) -> None:
    warnings: list[tuple[str, str]] = []
    assert answer(f"SELECT * FROM {name}", warn=lambda *told: warnings.append(told)) == []
    assert warnings == [(name, f"Table {name} is event-based but events are disabled")]


@pytest.mark.parametrize(
    ("where", "window", "seconds"),
    [
        ("1", (0, 2**63 - 1), range(1000, 1010)),
        ("time > 1007", (1007, 2**63 - 1), range(1008, 1010)),
        ("time >= 1001 AND time < 1004", (1001, 1004), range(1001, 1004)),
        ("time = 1005", (1005, 1005), range(1005, 1006)),
        ("time IN (1003, 1006)", (1003, 1006), (1003, 1006)),
    ],
)
def test_constraints_on_time_choose_what_is_read(answer, where: str, window: tuple[int, int], seconds) -> None:
    program = Recording()
    rows = answer(f"SELECT time, message, eid FROM syslog_events WHERE {where}", runtime=program)
    assert rows == [(second, f"line {second}", f"{second:010}") for second in seconds]
    assert program.asked == [("syslog_events", *window)]
