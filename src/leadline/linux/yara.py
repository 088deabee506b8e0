"""YARA rules against files and the memory of processes, with YARA-X.

This is what the child process of :mod:`leadline.linux.isolated` runs: a scan holds the interpreter to its end, and can
take as long as its rules are bad.
"""

from __future__ import annotations

from leadline.linux import files, memory
from leadline.linux.text import clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

    from yara_x import Rules, Scanner

    # Names, tags and strings of the rules that match.
    Matches = tuple[list[str], list[str], list[str]]
    Scan = Callable[[Scanner, bool], Iterator[Matches | str | None]]

_TIMEOUT = 60  # seconds of one scan
_WINDOW = 64 << 20  # bytes of a process's memory that are scanned together
_MOST_MEMORY = 4 << 30  # bytes of one process
_MOST_STRINGS = 10_000  # that are told of one scan
_LARGEST_COMPILED = 4 << 20  # bytes of compiled rules that are worth sending around


def rows(arguments: Sequence[str], fed: Iterable[Sequence[Any]]) -> Iterator[tuple[object, ...] | str | None]:
    """What each item that is fed calls for.

    ``("rules", number, hidden, sources, compiled)``: remember a set of rules, made from sources (namespace, origin,
    text, directory of what it includes or "") or from what an earlier child compiled; one row, the compiled rules in
    base64 or None, unless the sources are wrong. ``("file", place, ...)`` and ``("process", pid, ...)``: one row for
    each set: number, rules that match and their count, strings (none when hidden) and tags.

    Arguments: milliseconds between two scans, the largest file in bytes.
    """
    from time import sleep

    delay, largest = int(arguments[0]) / 1000, int(arguments[1])
    sets: list[tuple[int, bool, Scanner]] = []
    scanned = False
    for kind, *rest in fed:
        if kind == "rules":
            yield from _remember(sets, *rest)
            yield ()
            continue
        scan = _file(rest[0], largest) if kind == "file" else _process(rest[0])
        if isinstance(scan, str):
            yield scan
        elif scan:
            for number, hidden, scanner in sets:
                if scanned and delay:
                    yield None  # and with it the rows so far
                    sleep(delay)
                scanned = True
                for found in scan(scanner, hidden):
                    yield (number, *_row(found)) if isinstance(found, tuple) else found
        yield ()


def _remember(
    sets: list[tuple[int, bool, Scanner]], number: int, hidden: bool, sources: list[list[str]], compiled: str | None
) -> Iterator[tuple[object, ...] | str]:
    import yara_x

    try:
        rules = _restored(compiled) if compiled else _compiled(sources)
    except (yara_x.CompileError, ValueError) as error:
        yield "YARA rules that cannot be compiled: " + " ".join(clean(str(error)).split("\n")[:2])
        return
    scanner = yara_x.Scanner(rules)
    scanner.set_timeout(_TIMEOUT)
    scanner.fast_scan(True)
    scanner.console_log(lambda message: None)
    sets.append((number, hidden, scanner))
    yield (None if compiled else _serialized(rules),)


def _compiled(sources: list[list[str]]) -> Rules:
    """Raises yara_x.CompileError, and ValueError for text that is none."""
    import yara_x

    compiler = yara_x.Compiler(relaxed_re_syntax=True)
    for namespace, origin, text, directory in sources:
        compiler.enable_includes(bool(directory))
        if directory:
            compiler.add_include_dir(directory)
        compiler.new_namespace(namespace)
        compiler.add_source(text, origin=origin)
    return compiler.build()


def _restored(compiled: str) -> Rules:
    from base64 import b64decode
    from io import BytesIO

    import yara_x

    return yara_x.Rules.deserialize_from(BytesIO(b64decode(compiled)))


def _serialized(rules: Rules) -> str | None:
    from base64 import b64encode
    from io import BytesIO

    made = BytesIO()
    rules.serialize_into(made)
    return b64encode(made.getvalue()).decode() if made.tell() <= _LARGEST_COMPILED else None


def _file(place: str, largest: int) -> Scan | str | None:
    """A function that scans the file; None when it is absent, a warning when it is too large."""
    data = files.read(place, largest + 1)
    if data is None:
        return None
    if len(data) > largest:
        return f"{clean(place)}: larger than {largest} bytes, not scanned"

    def scan(scanner: Scanner, hidden: bool) -> Iterator[Matches | str | None]:
        found: dict[tuple[str, str], Matches] = {}
        problem = _scan(scanner, data, [(0, 0)], hidden, found)
        yield f"{clean(place)}: {problem}" if problem else _together(found)

    return scan


def _process(pid: int) -> Scan:
    def scan(scanner: Scanner, hidden: bool) -> Iterator[Matches | str | None]:
        found: dict[tuple[str, str], Matches] = {}
        total = 0
        try:
            for data, places in memory.windows(pid, _WINDOW):
                problem = _scan(scanner, data, places, hidden, found)
                total += len(data)
                yield f"process {pid}: {problem}" if problem else None
                if total >= _MOST_MEMORY:
                    yield f"process {pid}: only the first {_MOST_MEMORY >> 30} GiB of its memory were scanned"
                    break
        except OSError as error:
            yield f"process {pid}: {error.strerror}"
            return
        yield _together(found)

    return scan


def _scan(
    scanner: Scanner,
    data: bytes,
    places: list[tuple[int, int]],
    hidden: bool,
    found: dict[tuple[str, str], Matches],
) -> str | None:
    """Scan bytes whose parts come from certain places; what went wrong, or None."""
    from bisect import bisect_right

    import yara_x

    try:
        results = scanner.scan(data)
    except yara_x.TimeoutError:
        return f"not scanned within {_TIMEOUT} s"
    except yara_x.ScanError as error:
        return clean(str(error))
    for rule in results.matching_rules:
        strings = found.setdefault((rule.namespace, rule.identifier), ([rule.identifier], list(rule.tags), []))[2]
        for pattern in () if hidden else rule.patterns:
            for match in pattern.matches:
                if len(strings) >= _MOST_STRINGS:
                    break
                offset, address = places[bisect_right(places, match.offset, key=lambda place: place[0]) - 1]
                strings.append(f"{pattern.identifier}:{address + match.offset - offset:x}")
    return None


def _together(found: dict[tuple[str, str], Matches]) -> Matches:
    names, tags, strings = [], [], []
    for name, tag, string in found.values():
        names += name
        tags += tag
        strings += string
    return names, tags, strings


def _row(found: Matches) -> tuple[str, int, str, str]:
    """Rules that match, their number, strings, tags."""
    names, tags, strings = found
    return ",".join(names), len(names), ",".join(strings[:_MOST_STRINGS]), ",".join(tags)
