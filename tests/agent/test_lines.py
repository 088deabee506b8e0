"""The lines that a real osquery 5.23 wrote, and what its source says of the forms not seen."""

from __future__ import annotations

import json

from leadline.agent.canonical import renderer
from leadline.agent.lines import Item, Style, calendar_time, differential, snapshot, status

ITEM = Item("files", "vm", 1795500354, 0, 1, {"host_uuid": "569028fc-3797-466f-b992-7ec27c5444ab", "deco": "x"})
HEAD = (
    '"name":"files","hostIdentifier":"vm","calendarTime":"Tue Nov 24 06:05:54 2026 UTC","unixTime":1795500354,'
    '"epoch":0,"counter":1,"numerics":false,"decorations":{"deco":"x","host_uuid":"569028fc-3797-466f-b992-7ec27c5444ab"}'
)


def shown(names: str, cells: str, *, numerics: bool = False) -> str:
    """A row as it goes into a line."""
    return renderer(names.split(), numerics=numerics)(cells)


def test_an_event_line_is_the_one_osquery_wrote() -> None:
    row = shown("path size", '["/srv/watch/b",3]')
    assert list(differential(ITEM, [], [row], Style())) == [
        f'{{{HEAD},"columns":{{"path":"/srv/watch/b","size":"3"}},"action":"added"}}'
    ]


def test_removed_rows_come_before_added_ones() -> None:
    lines = list(differential(ITEM, ['{"a":"1"}'], ['{"a":"2"}'], Style()))
    assert [json.loads(line)["action"] for line in lines] == ["removed", "added"]


def test_a_batch_holds_both_lists_first_and_no_action() -> None:
    (line,) = differential(ITEM, [shown("a", "[1]")], [shown("a", "[2]")], Style(events=False))
    assert line == f'{{"diffResults":{{"removed":[{{"a":"1"}}],"added":[{{"a":"2"}}]}},{HEAD}}}'


def test_numbers_stay_numbers_when_numerics_is_on() -> None:
    (line,) = differential(ITEM, [], ['{"a":1,"b":1e300,"c":"x"}'], Style(numerics=True))
    assert '"numerics":true' in line
    assert '"columns":{"a":1,"b":1e300,"c":"x"}' in line


def test_a_snapshot_line_is_the_one_osquery_wrote() -> None:
    item = Item("snap", "vm", 1795500345, 0, 0, {"deco": "x"})
    rows = ['{"name":"Debian GNU/Linux","version":"12 (bookworm)"}']
    assert list(snapshot(item, rows, Style())) == [
        '{"snapshot":[{"name":"Debian GNU/Linux","version":"12 (bookworm)"}],"action":"snapshot","name":"snap",'
        '"hostIdentifier":"vm","calendarTime":"Tue Nov 24 06:05:45 2026 UTC","unixTime":1795500345,"epoch":0,'
        '"counter":0,"numerics":false,"decorations":{"deco":"x"}}'
    ]


def test_an_empty_snapshot_is_a_line_and_no_event() -> None:
    assert json.loads(next(snapshot(ITEM, [], Style())))["snapshot"] == []
    assert list(snapshot(ITEM, [], Style(snapshot_events=True))) == []


def test_snapshot_events_are_event_lines() -> None:
    (line,) = snapshot(ITEM, ['{"a":"1"}'], Style(snapshot_events=True))
    assert line == f'{{{HEAD},"columns":{{"a":"1"}},"action":"snapshot"}}'


def test_decorations_can_stand_at_the_top_level_and_are_absent_when_there_are_none() -> None:
    (top,) = differential(ITEM, [], ["{}"], Style(top_level=True))
    assert '"numerics":false,"deco":"x","host_uuid":' in top
    (bare,) = differential(ITEM._replace(decorations={}), [], ["{}"], Style())
    assert "decorations" not in bare


def test_calendar_time_is_asctime_in_utc() -> None:
    assert calendar_time(1412123850) == "Wed Oct  1 00:37:30 2014 UTC"


def test_a_status_line_has_osquerys_members_in_their_order() -> None:
    line = status(0, "init.cpp", 410, "...", 1795500381, "d23dac5e", "5.23.0", {"u": "d"})
    assert line == (
        '{"hostIdentifier":"d23dac5e","calendarTime":"Tue Nov 24 06:06:21 2026 UTC","unixTime":1795500381,"severity":0,'
        '"filename":"init.cpp","line":410,"message":"...","version":"5.23.0","decorations":{"u":"d"}}'
    )


def test_a_status_line_without_decorations_has_no_member_for_them_and_they_can_stand_at_the_top_level() -> None:
    head = (
        '{"hostIdentifier":"h","calendarTime":"Thu Jan  1 00:00:00 1970 UTC","unixTime":0,"severity":3,'
        '"filename":"a.py","line":1,"message":"tab\\there \\"q\\" é \\u001B","version":"5.23.0"'
    )
    message = 'tab\there "q" é \x1b'
    assert status(3, "a.py", 1, message, 0, "h", "5.23.0", {}) == head + "}"
    decorated = status(3, "a.py", 1, message, 0, "h", "5.23.0", {"b": "2", "a": "1"}, top_level=True)
    assert decorated == head + ',"a":"1","b":"2"}'


def test_every_form_of_one_result_to_the_byte() -> None:
    item = Item("pack_p1_q", "vm", 0, 7, 12, {})
    head = (
        '"name":"pack_p1_q","hostIdentifier":"vm","calendarTime":"Thu Jan  1 00:00:00 1970 UTC","unixTime":0,'
        '"epoch":7,"counter":12,"numerics":'
    )
    cells = '[1,2.5,"x\\\\x0A",""]'
    row = shown("a b c d", cells, numerics=True)
    assert row == '{"a":1,"b":2.5,"c":"x\\\\x0A","d":""}'
    assert shown("a b c d", cells) == '{"a":"1","b":"2.5","c":"x\\\\x0A","d":""}'
    text = '{"a":"1","b":"2.5","c":"x\\\\x0A","d":""}'
    assert list(differential(item, [text], [text], Style())) == [
        f'{{{head}false,"columns":{text},"action":"removed"}}',
        f'{{{head}false,"columns":{text},"action":"added"}}',
    ]
    assert list(differential(item, [row], [], Style(numerics=True))) == [
        f'{{{head}true,"columns":{row},"action":"removed"}}'
    ]
    assert list(differential(item, [], [row, row], Style(events=False, numerics=True))) == [
        f'{{"diffResults":{{"removed":[],"added":[{row},{row}]}},{head}true}}'
    ]
    assert list(differential(item, [], [], Style(events=False))) == [
        f'{{"diffResults":{{"removed":[],"added":[]}},{head}false}}'
    ]
    assert list(snapshot(item, [row], Style(numerics=True))) == [
        f'{{"snapshot":[{row}],"action":"snapshot",{head}true}}'
    ]
    assert (
        list(snapshot(item, [text, text], Style(snapshot_events=True)))
        == [f'{{{head}false,"columns":{text},"action":"snapshot"}}'] * 2
    )
    decorated = item._replace(decorations={"z": "1", "b": '"'})
    assert list(differential(decorated, [], [text], Style(events=False, top_level=True))) == [
        f'{{"diffResults":{{"removed":[],"added":[{text}]}},{head}false,"b":"\\"","z":"1"}}'
    ]
