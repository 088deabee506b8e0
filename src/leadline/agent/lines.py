"""The lines of result logs and the objects of status logs, to the byte as osquery writes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from time import gmtime
from typing import NamedTuple

from leadline.agent.rendering import quote, strings

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Style(NamedTuple):
    """The flags that shape a line: logger_event_type, logger_snapshot_event_type, logger_numerics,
    decorations_top_level."""

    events: bool = True
    snapshot_events: bool = False
    numerics: bool = False
    top_level: bool = False


class Item(NamedTuple):
    """What all lines of one execution have in common; ``time`` in seconds since the epoch."""

    name: str
    identifier: str
    time: int
    epoch: int
    counter: int
    decorations: Mapping[str, str]


def calendar_time(seconds: int) -> str:
    """A moment as C's asctime(3) writes it, in UTC whatever the locale, and `` UTC``."""
    t = gmtime(seconds)
    clock = f"{t.tm_hour:02}:{t.tm_min:02}:{t.tm_sec:02}"
    return f"{_DAYS[t.tm_wday]} {_MONTHS[t.tm_mon - 1]} {t.tm_mday:2} {clock} {t.tm_year} UTC"


def _common(item: Item, style: Style) -> str:
    """The members from name to decorations, without braces."""
    text = (
        f'"name":{quote(item.name)},"hostIdentifier":{quote(item.identifier)}'
        f',"calendarTime":"{calendar_time(item.time)}","unixTime":{item.time}'
        f',"epoch":{item.epoch},"counter":{item.counter},"numerics":{"true" if style.numerics else "false"}'
    )
    return text + _decorations(item.decorations, top_level=style.top_level)


def _decorations(decorations: Mapping[str, str], *, top_level: bool) -> str:
    """The member, or the members, with a comma before them; nothing when there are no decorations."""
    if not decorations:
        return ""
    text = strings(decorations)
    return f",{text[1:-1]}" if top_level else f',"decorations":{text}'


def differential(item: Item, removed: Iterable[str], added: Iterable[str], style: Style) -> Iterator[str]:
    """The lines of a differential result; the rows are JSON objects, typed or of strings as the style says."""
    common = _common(item, style)
    if not style.events:
        yield f'{{"diffResults":{{"removed":[{",".join(removed)}],"added":[{",".join(added)}]}},{common}}}'
        return
    for row in removed:
        yield f'{{{common},"columns":{row},"action":"removed"}}'
    for row in added:
        yield f'{{{common},"columns":{row},"action":"added"}}'


def snapshot(item: Item, rows: Iterable[str], style: Style) -> Iterator[str]:
    """The lines of a snapshot; the rows are JSON objects, typed or of strings as the style says."""
    common = _common(item, style)
    if style.snapshot_events:
        for row in rows:
            yield f'{{{common},"columns":{row},"action":"snapshot"}}'
        return
    yield f'{{"snapshot":[{",".join(rows)}],"action":"snapshot",{common}}}'


def status(
    severity: int,
    filename: str,
    line: int,
    message: str,
    time: int,
    identifier: str,
    version: str,
    decorations: Mapping[str, str],
    *,
    top_level: bool = False,
) -> str:
    """A status message as the buffered loggers send it; severity 0 info, 1 warning, 2 error, 3 fatal.

    Without decorations there is no member for them (osquery/plugins/logger/buffered.cpp).
    """
    text = (
        f'"hostIdentifier":{quote(identifier)},"calendarTime":"{calendar_time(time)}","unixTime":{time}'
        f',"severity":{severity},"filename":{quote(filename)},"line":{line},"message":{quote(message)}'
        f',"version":{quote(version)}'
    )
    return f"{{{text}{_decorations(decorations, top_level=top_level)}}}"
