"""The systemd_timers table."""

from __future__ import annotations

import os
from time import CLOCK_BOOTTIME, CLOCK_MONOTONIC, clock_gettime

from leadline.linux.systemd import bus, unitfiles, units
from leadline.sql.schema import BIGINT, INTEGER, LINUX, TEXT, Column, Query, Rows, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.sql.schema import Row

NEVER = (1 << 64) - 1  # USEC_INFINITY
TYPE = ".timer"
ELAPSES = ("OnCalendar", "OnActiveSec", "OnBootSec", "OnStartupSec", "OnUnitActiveSec", "OnUnitInactiveSec")
TRUE = ("1", "yes", "true", "on")


@table(
    "systemd_timers",
    Column("id", TEXT, "Name of the timer."),
    Column("description", TEXT, "What the timer's file says that it is."),
    Column("unit", TEXT, "Unit that it starts."),
    Column("next_elapse", BIGINT, "When it is due next, in seconds since 1970."),
    Column("last_trigger", BIGINT, "When it last started its unit, in seconds since 1970."),
    Column("schedule", TEXT, "When it is due: its settings, such as OnCalendar=daily, separated by semicolons."),
    Column("persistent", INTEGER, "1 when it makes up for times at which the system was off."),
    Column("load_state", TEXT, "Whether its file was read: loaded, not-found, masked and so on."),
    Column("active_state", TEXT, "active while it waits, inactive otherwise."),
    Column("sub_state", TEXT, "waiting, running while its unit runs, elapsed when it is never due again."),
    Column("unit_file_state", TEXT, "Whether it starts by itself: enabled, disabled, static and so on."),
    Column("fragment_path", TEXT, "File that defines the timer."),
    platforms=LINUX,
    ours=True,
    examples=[
        "SELECT id, unit, datetime(next_elapse, 'unixepoch') AS due FROM systemd_timers ORDER BY next_elapse",
        "SELECT id, schedule, fragment_path FROM systemd_timers WHERE fragment_path NOT LIKE '/usr/lib/%'",
    ],
    notes="Asked of systemd over D-Bus: the timers it has loaded. Of an image the *.timer files are read, and"
    " last_trigger is known for persistent timers only; when they are due next it cannot tell.",
)
def systemd_timers(query: Query) -> Rows:
    """Timers of systemd: what starts when."""
    if query.root:
        yield from (_from_file(query.root, one) for one in unitfiles.units(query.root, TYPE))
        return
    try:
        connected = bus.connect(bus.addresses(os.environ))
        if connected is None:
            return
        with connected:
            timers = [unit for unit in units.loaded(connected) if unit.id.endswith(TYPE)]
            files = list(units.described(connected, timers, ["UnitFileState", "FragmentPath"]))
            told = units.all_properties(connected, ((unit.path, units.TIMER) for unit in timers))
            for (unit, texts), timer in zip(files, told, strict=True):
                yield (
                    *(unit.id, unit.description, _text(timer.get("Unit"))),
                    _next(timer, query.clock()),
                    _seconds(timer.get("LastTriggerUSec")),
                    _schedule(timer),
                    int(timer.get("Persistent") is True),
                    *(unit.load_state, unit.active_state, unit.sub_state),
                    *(texts.get("UnitFileState"), texts.get("FragmentPath")),
                )
    except bus.BusError as error:
        query.warn(f"systemd cannot be asked: {error}")


def _from_file(root: str, one: unitfiles.UnitFile) -> Row:
    elapses = [f"{key}={value}" for key in ELAPSES for value in one.every("Timer", key)]
    persistent = (one.last("Timer", "Persistent") or "").lower() in TRUE
    return (
        one.id,
        one.last("Unit", "Description"),
        one.last("Timer", "Unit") or one.id.removesuffix(TYPE) + ".service",
        None,
        unitfiles.stamp(root, one.id) if persistent else None,
        "; ".join(elapses),
        int(persistent),
        "masked" if one.state.startswith("masked") else "loaded",
        None,
        None,
        one.state,
        one.path,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _seconds(microseconds: object) -> int | None:
    """A time of systemd's in seconds; None for those that stand for no time."""
    if not isinstance(microseconds, int) or not 0 < microseconds < NEVER:
        return None
    return microseconds // 1_000_000


def _next(timer: dict[str, object], now: float) -> int | None:
    """When a timer is due by either clock; timers that wake the machine go by the one that runs while it sleeps."""
    elapsed = clock_gettime(CLOCK_BOOTTIME if timer.get("WakeSystem") is True else CLOCK_MONOTONIC)
    due = []
    for name, zero in (("NextElapseUSecRealtime", 0.0), ("NextElapseUSecMonotonic", now - elapsed)):
        value = timer.get(name)
        if isinstance(value, int) and 0 < value < NEVER:
            due.append(zero + value / 1e6)
    return int(min(due)) if due else None


def _schedule(timer: dict[str, object]) -> str:
    """A timer's settings as its file would have them: pairs of name and calendar text or microseconds."""
    parts = []
    for name in ("TimersCalendar", "TimersMonotonic"):
        entries = timer.get(name)
        for entry in entries if isinstance(entries, list) else ():
            base, value = entry[:2] if isinstance(entry, tuple) and len(entry) == 3 else ("", None)
            if isinstance(value, str):
                parts.append(f"{base}={value}")
            elif isinstance(value, int):
                parts.append(f"{_setting(str(base))}={_span(value)}")
    return "; ".join(parts)


def _setting(base: str) -> str:
    return base.removesuffix("USec") + "Sec"


def _span(microseconds: int) -> str:
    """A length of time the way systemd.time(7) writes it: 1h 30min."""
    parts = []
    left = microseconds
    for unit, size in (("d", 86400_000_000), ("h", 3600_000_000), ("min", 60_000_000), ("s", 1_000_000)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    if left:
        parts.append(f"{left}us")
    return " ".join(parts) or "0"
