"""Journals that systemd-journal-remote writes, as journalctl reads them."""

from __future__ import annotations

import json
import lzma
import os
import shutil
import struct
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.linux.journal import entries
from leadline.linux.journal.file import DamagedError, JournalFile
from leadline.linux.journal.hashes import jenkins

REMOTE = "/lib/systemd/systemd-journal-remote"
START = 1_700_000_000_000_000
BOOT, MACHINE = "ab" * 16, "cd" * 16
FLAVOURS = {  # the environment of the program that writes; without compression it is compressed here
    "compact": {},
    "regular": {"SYSTEMD_JOURNAL_COMPACT": "0"},
    "unkeyed": {"SYSTEMD_JOURNAL_KEYED_HASH": "0", "SYSTEMD_JOURNAL_COMPACT": "0"},
    "plain": {},
    "lz4": {},
    "xz": {"SYSTEMD_JOURNAL_COMPACT": "0"},
}


def export(count: int, start: int = START, step: int = 1_000_000) -> bytes:
    """Entries in the export format, https://systemd.io/JOURNAL_EXPORT_FORMATS."""
    parts = []
    for number in range(count):
        fields: list[tuple[str, bytes]] = [
            ("__REALTIME_TIMESTAMP", str(start + number * step).encode()),
            ("__MONOTONIC_TIMESTAMP", str(number * 1000).encode()),
            ("_BOOT_ID", BOOT.encode()),
            ("_MACHINE_ID", MACHINE.encode()),
            ("_SYSTEMD_UNIT", b"u%d.service" % (number % 5)),
            ("SYSLOG_IDENTIFIER", b"prog%d" % (number % 3)),
            ("PRIORITY", b"%d" % (number % 8)),
            ("_PID", b"%d" % (1 + number % 7)),
            ("MESSAGE", b"Message number %d" % number),
        ]
        if number % 7 == 0:  # process 1
            fields.append(("UNIT", b"about%d.service" % (number % 2)))
        if number % 10 == 3:
            fields += [("TWICE", b"one"), ("TWICE", b"two"), ("LONG", b"long %d " % number * 400)]
        if number % 10 == 4:
            fields.append(("BINARY", b"line\nnext \xff\0end"))
        for name, value in fields:
            if b"\n" in value or b"\0" in value:
                parts.append(name.encode() + b"\n" + len(value).to_bytes(8, "little") + value + b"\n")
            else:
                parts.append(name.encode() + b"=" + value + b"\n")
        parts.append(b"\n")
    return b"".join(parts)


def write(path: Path, data: bytes, *options: str, **environment: str) -> Path:
    if not os.path.exists(REMOTE) or not shutil.which("journalctl"):
        pytest.skip("systemd-journal-remote is not installed")
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([REMOTE, *options, "-o", path, "-"], input=data, check=True, capture_output=True,
                   env=os.environ | environment)  # fmt: skip
    return path


def lz4(data: bytes, period: int) -> bytes:
    """Text that repeats itself as the journal keeps it: length, the first time, how often again, the last bytes."""
    head, tail = data[: 5 + period], data[-8:]
    length = len(data) - len(head) - len(tail) - 4
    more = lambda count: b"\xff" * (count // 255) + bytes([count % 255])  # noqa: E731
    literals = bytes([len(head) - 15]) if len(head) >= 15 else b""
    token = bytes([min(len(head), 15) << 4 | 15])
    block = token + literals + head + period.to_bytes(2, "little") + more(length - 15)
    return len(data).to_bytes(8, "little") + block + bytes([len(tail) << 4]) + tail


def compress(path: Path, name: str) -> None:
    """Put the long fields of a journal into the compression that today's systemd writes no more."""
    data = bytearray(path.read_bytes())
    header = 72 if data[12] & 16 else 64
    data[12] |= 2 if name == "lz4" else 1
    at = data.find(b"LONG=long ")
    assert at > 0
    while at > 0:
        start = at - header
        size = int.from_bytes(data[start + 8 : start + 16], "little")
        payload = bytes(data[at : start + size])
        packed = lz4(payload, payload.index(b" long") - 4) if name == "lz4" else lzma.compress(payload)
        data[at : at + len(packed)] = packed
        data[start + 1] = 2 if name == "lz4" else 1
        data[start + 8 : start + 16] = (header + len(packed)).to_bytes(8, "little")
        at = data.find(b"LONG=long ", start + size)
    path.write_bytes(data)


def journalctl(path: Path, *options: str) -> list[dict[str, object]]:
    """Entries as journalctl has them; values that are no text are lists of bytes."""
    done = subprocess.run(["journalctl", "--file", path, "-o", "json", "--all", *options], capture_output=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def opened(path: Path) -> JournalFile:
    file = JournalFile.open(str(path))
    assert file is not None
    return file


def read(path: Path, matches: list[bytes] | None = None, since: int = 0, until: int = entries.FOREVER) -> list[str]:
    """The messages of a file's entries."""
    with opened(path) as file:
        return [
            value.decode()
            for entry in file.entries(matches, since, until, lambda: False)
            for _, value in file.values(entry, "MESSAGE".__eq__)
        ]


@pytest.fixture(scope="module", params=FLAVOURS)
def journal(request, tmp_path_factory) -> Path:
    name = request.param
    path = tmp_path_factory.mktemp(name) / "x.journal"
    options = ["--compress=no"] if name in ("plain", "lz4", "xz") else []
    write(path, export(300), *options, **FLAVOURS[name])
    if name in ("lz4", "xz"):
        compress(path, name)
    return path


def test_every_field_of_every_entry_is_as_journalctl_sees_it(journal) -> None:
    theirs = journalctl(journal)
    assert len(theirs) == 300
    with opened(journal) as file:
        for entry, other in zip(file.entries(None, 0, entries.FOREVER, lambda: False), theirs, strict=True):
            fields: dict[str, list[bytes]] = {}
            for name, value in file.values(entry, lambda name: True):
                fields.setdefault(name, []).append(value)
            expected = {name: value for name, value in other.items() if not name.startswith("__")}
            assert {name: sorted(map(_json, values)) for name, values in fields.items()} == {
                name: sorted(map(_json, values)) for name, values in ((n, _several(v)) for n, v in expected.items())
            }
            assert entry.realtime == int(str(other["__REALTIME_TIMESTAMP"]))
            assert entry.monotonic == int(str(other["__MONOTONIC_TIMESTAMP"]))
            assert f"i={entry.seqnum:x};b={entry.boot_id};" in str(other["__CURSOR"])
            assert str(other["__CURSOR"]).endswith(f"x={entry.xor_hash:x}")
        assert f"s={file.seqnum_id};" in str(theirs[0]["__CURSOR"])
        assert (file.head, file.tail) == (START, START + 299_000_000)


def _several(value: object) -> list[object]:
    """A field's values: a list of numbers is one value that is no text."""
    if isinstance(value, list) and not all(isinstance(one, int) for one in value):
        return value
    return [value]


def _json(value: object) -> bytes:
    if isinstance(value, bytes):
        return value
    return bytes(value) if isinstance(value, list) else str(value).encode()


def test_entries_with_a_field_come_from_the_hash_table(journal) -> None:
    theirs = [one["MESSAGE"] for one in journalctl(journal, "_SYSTEMD_UNIT=u3.service")]
    assert len(theirs) == 60
    assert read(journal, [b"_SYSTEMD_UNIT=u3.service"]) == theirs
    both = [one["MESSAGE"] for one in journalctl(journal, "_SYSTEMD_UNIT=u3.service", "+", "UNIT=about1.service")]
    assert read(journal, [b"_SYSTEMD_UNIT=u3.service", b"UNIT=about1.service"]) == both
    assert read(journal, [b"LONG=" + b"long 13 " * 400]) == ["Message number 13"]
    assert read(journal, [b"_SYSTEMD_UNIT=u9.service", b"NO=1"]) == []


@pytest.mark.parametrize(("first", "last"), [(0, 299), (0, 0), (299, 299), (17, 203), (150, 150), (299, 500)])
def test_a_time_is_found_by_bisection(journal, first: int, last: int) -> None:
    since, until = START + first * 1_000_000, START + last * 1_000_000
    expected = [f"Message number {number}" for number in range(first, min(last, 299) + 1)]
    assert read(journal, None, since, until) == expected
    assert read(journal, None, since - 999_999, until + 999_999) == expected
    wanted = [message for message in expected if int(message.split()[2]) % 5 == 2]
    assert read(journal, [b"_SYSTEMD_UNIT=u2.service"], since, until) == wanted


def test_a_time_before_and_behind_all_entries(journal) -> None:
    assert read(journal, None, 0, START - 1) == []
    assert read(journal, None, START + 300_000_000) == []


def test_what_is_no_journal(tmp_path) -> None:
    (tmp_path / "text").write_text("LPKSHHRH, but not more")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DamagedError):
        JournalFile.open(str(tmp_path / "text"))
    for name in ("missing", "pipe", "."):
        assert JournalFile.open(f"{tmp_path}/{name}") is None


def test_a_file_with_flags_of_the_future_is_left_out(tmp_path, journal) -> None:
    data = bytearray(journal.read_bytes())
    data[12] |= 0x40
    (tmp_path / "x.journal").write_bytes(data)
    with pytest.raises(DamagedError, match="not known"):
        JournalFile.open(str(tmp_path / "x.journal"))


def test_files_of_a_system_are_merged_by_time_and_doubles_dropped(tmp_path) -> None:
    folder = tmp_path / "var/log/journal" / MACHINE
    write(folder / "system.journal", export(4, START + 10_000_000))
    write(folder / "system@1.journal", export(4))
    write(folder / "user-1000.journal", export(3, START + 9_500_000, 2_000_000))
    shutil.copy(folder / "system@1.journal", folder / "copy.journal~")
    write(tmp_path / "run/log/journal" / MACHINE / "system.journal", export(1, START + 60_000_000))
    (folder / "empty.journal").write_bytes(b"")
    (folder / "folder.journal").mkdir()
    (folder / "notes.txt").write_text("no")
    warnings: list[str] = []
    found = list(entries.read(str(tmp_path), None, 0, entries.FOREVER, warnings.append))
    times = [(entry.realtime - START) / 1e6 for _, _, entry in found]
    assert times == [0, 1, 2, 3, 9.5, 10, 11, 11.5, 12, 13, 13.5, 60]
    assert warnings == [
        f"/var/log/journal/{MACHINE}/empty.journal is left out: no journal file",
        "1 journal files may not be read",
    ]
    some = entries.read(str(tmp_path), [b"PRIORITY=1"], START + 5_000_000, START + 12_000_000, warnings.append)
    assert [(entry.realtime - START) / 1e6 for _, _, entry in some] == [11, 11.5]
    next(entries.read(str(tmp_path), None, 0, entries.FOREVER, warnings.append))  # what is left open is closed


def test_a_file_that_was_cut_gives_what_is_left(journal, tmp_path) -> None:
    data = journal.read_bytes()
    path = tmp_path / "cut.journal"
    used = data.rstrip(b"\0")
    previous = 301
    for left in (0, 5_000, 20_000, 40_000):  # the entries are at the end, behind the hash tables
        path.write_bytes(used[: len(used) - left])
        messages = read(path)
        assert len(messages) <= previous
        assert messages == [one for one in (f"Message number {number}" for number in range(300)) if one in messages]
        previous = len(messages)
    assert 0 < previous < 300


def test_an_entry_that_would_fill_the_memory_is_cut(journal) -> None:
    with opened(journal) as file:
        (entry,) = file.entries([b"MESSAGE=Message number 13"], 0, entries.FOREVER, lambda: False)
        fields = entry.fields
        for offset in fields:
            entry.fields = (offset,) * 10_000
            if next(file.values(entry, "LONG".__eq__), None):
                break
        size = sum(len(value) for _, value in file.values(entry, "LONG".__eq__))
        assert (16 << 20) - 4096 <= size <= 16 << 20


CHANGES = st.lists(st.tuples(st.integers(0, 1 << 30), st.binary(min_size=1, max_size=9)), min_size=1, max_size=12)
PLACES = st.sampled_from([272, 4096, 1 << 20, 1 << 30])


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> dict[str, bytes]:
    """The bytes of small journals that are in use."""
    folder = tmp_path_factory.mktemp("small")
    return {
        name: write(folder / f"{name}.journal", export(40), **FLAVOURS[name]).read_bytes().rstrip(b"\0")
        for name in ("compact", "unkeyed")
    }


@settings(max_examples=120, deadline=None)
@given(
    changes=CHANGES, place=PLACES, cut=st.integers(0, 1 << 30) | st.none(), name=st.sampled_from(["compact", "unkeyed"])
)
def test_changed_files_do_no_harm(small, tmp_path_factory, changes, place: int, cut: int | None, name: str) -> None:
    data = bytearray(small[name])
    tables = len(data) - 60_000  # entries and their fields are at the end, behind the hash tables
    for at, new in changes:
        at = tables + at % 60_000 if place == 1 << 20 and tables > 0 else at % min(place, len(data))
        data[at : at + len(new)] = new
    path = tmp_path_factory.getbasetemp() / "changed.journal"
    path.write_bytes(data if cut is None else data[: cut % len(data)])
    try:
        file = JournalFile.open(str(path))
    except DamagedError:
        return
    assert file is not None
    with file:
        for matches in (None, [b"_SYSTEMD_UNIT=u3.service", b"PRIORITY=1"]):
            for number, entry in enumerate(file.entries(matches, START, entries.FOREVER, lambda: False)):
                list(file.values(entry, lambda name: True))
                assert number < 100_000


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=600))
def test_any_bytes_behind_the_signature(tmp_path_factory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.journal"
    path.write_bytes(b"LPKSHHRH" + bytes(4) + b"\x10\0\0\0" + data)
    try:
        file = JournalFile.open(str(path))
    except DamagedError:
        return
    assert file is not None
    with file:
        assert len(list(file.entries(None, 0, entries.FOREVER, lambda: False))) < 100
        assert len(list(file.entries([b"A=1"], 0, entries.FOREVER, lambda: False))) < 100


def test_large_values_that_claim_the_hash_of_what_is_sought_cost_little(tmp_path: Path) -> None:
    sought, start, first, count = b"_SYSTEMD_UNIT=a.service", 208, 256, 10_000
    size = first + 64 * count + (1 << 20)
    head = b"LPKSHHRH" + struct.pack("<2IB7x", 0, 0, 1) + bytes(64) + struct.pack("<4Q", start, size, start + 16, 16)
    table = bytes([4]) + bytes(7) + struct.pack("<3Q", 32, first, 0)
    values = [
        bytes([1]) + bytes(7) + struct.pack("<7Q", size - at, jenkins(sought), at + 64, 0, 0, 0, 2)
        for at in range(first, first + 64 * count, 64)
    ]
    path = tmp_path / "x.journal"
    path.write_bytes(b"".join([head.ljust(start, b"\0"), table.ljust(first - start, b"\0"), *values, bytes(1 << 20)]))
    begun = time.process_time()
    assert read(path, [sought]) == []
    assert time.process_time() - begun < 2
