"""Rows from a child process that may crash, hang or grow."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from leadline.linux import isolated


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Iterator[tuple[Any, ...]]]:
    """``child(source, *arguments, **options)``: the rows of a module with this source, in a child."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def run(source: str, *arguments: str, seconds: float = 10, megabytes: int = 200, **options: Any) -> Any:
        (tmp_path / "made_for_the_test.py").write_text(source)
        cancelled = options.pop("cancelled", lambda: False)
        return isolated.rows("made_for_the_test", arguments, cancelled, seconds, megabytes, **options)

    return run


def test_rows_arrive_as_tuples_of_what_json_knows(child: Any) -> None:
    source = "def rows(arguments, fed):\n for one in arguments:\n  yield one, 1, None, 2.5, '\\udcff'\n"
    assert list(child(source, "a", "ü")) == [("a", 1, None, 2.5, "\udcff"), ("ü", 1, None, 2.5, "\udcff")]


def test_a_text_is_a_warning(child: Any) -> None:
    said: list[str] = []
    source = "def rows(arguments, fed):\n yield 'no such lens'\n yield (1,)\n"
    assert list(child(source, warn=said.append)) == [(1,)]
    assert said == ["no such lens"]


def test_an_exception_is_told(child: Any) -> None:
    found = child("def rows(arguments, fed):\n yield (1,)\n raise KeyError('x')\n")
    assert next(found) == (1,)
    with pytest.raises(isolated.ChildError, match="raised KeyError: 'x'"):
        next(found)


def test_a_crash_is_told_after_the_rows_that_came(child: Any) -> None:
    source = "import ctypes, time\ndef rows(a, f):\n yield (1,)\n time.sleep(0.1)\n yield (2,)\n ctypes.string_at(0)\n"
    found = child(source)
    assert next(found) == (1,)
    assert next(found) == (2,)
    with pytest.raises(isolated.ChildError, match="was ended by signal 11"):
        next(found)


def test_a_module_that_is_not_there_is_told() -> None:
    with pytest.raises(isolated.ChildError, match="ModuleNotFoundError"):
        list(isolated.rows("leadline.nothing", (), lambda: False, 10, 200))


def test_memory_is_limited(child: Any) -> None:
    with pytest.raises(isolated.ChildError, match="MemoryError"):
        list(child("def rows(a, f):\n held = bytearray(300 << 20)\n yield (1,)\n"))


def test_processor_time_is_limited(child: Any) -> None:
    with pytest.raises(isolated.ChildError, match=r"processor time|longer|no sign"):
        list(child("def rows(a, f):\n while True: pass\n yield ()\n", seconds=1))


def test_a_child_that_sleeps_is_given_up(child: Any) -> None:
    with pytest.raises(isolated.ChildError, match=r"gave no sign for 0\.3 s"):
        list(child("import time\ndef rows(a, f):\n time.sleep(60)\n yield ()\n", seconds=0.3))


def test_a_cancelled_query_ends_it(child: Any) -> None:
    start = time.monotonic()
    asked = iter([False, False, True])
    source = "import time\ndef rows(a, f):\n time.sleep(60)\n yield ()\n"
    assert list(child(source, cancelled=lambda: next(asked, True))) == []
    assert time.monotonic() - start < 5


def test_it_ends_with_the_cursor(child: Any) -> None:
    found = child("import os\ndef rows(a, f):\n while True: yield (os.getpid(),)\n")
    pid = next(found)[0]
    found.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_slow_reader_is_no_failure(child: Any) -> None:
    found = child("def rows(a, f):\n for one in range(30000): yield (one, 'x' * 10)\n", seconds=1)
    assert next(found)[0] == 0
    time.sleep(2.1)
    assert sum(1 for _ in found) == 29999


def test_it_is_fed_no_further_than_it_reads(child: Any) -> None:
    given = []

    def feed() -> Iterator[list[Any]]:
        for number in range(1_000_000):
            given.append(number)
            yield [number, "\udc80" * 100]

    found = child("def rows(a, fed):\n for number, text in fed: yield number, text\n", feed=feed())
    assert next(found) == (0, "\udc80" * 100)
    found.close()
    assert len(given) < 2000


def test_all_that_is_fed_arrives(child: Any) -> None:
    source = "def rows(a, fed):\n yield (sum(number for (number,) in fed),)\n"
    assert list(child(source, feed=([number] for number in range(20_000)))) == [(199990000,)]


def test_feeding_a_child_that_has_ended_is_no_failure(child: Any) -> None:
    assert list(child("def rows(a, fed):\n yield (1,)\n", feed=(["x" * 1000] for _ in range(100_000)))) == [(1,)]


@pytest.mark.parametrize("sent", ["b'}{\\n'", "b'[' * 100000 + b'\\n'"])
def test_a_child_that_sends_nonsense_is_given_up(child: Any, sent: str) -> None:
    with pytest.raises(isolated.ChildError, match="no row"):
        list(child(f"import os\ndef rows(a, f):\n os.write(1, {sent})\n yield (1,)\n"))


def test_a_line_without_end_is_given_up(child: Any) -> None:
    source = "import os\ndef rows(a, f):\n while True: os.write(1, b'x' * 65536)\n yield (1,)\n"
    with pytest.raises(isolated.ChildError, match="without end"):
        list(child(source))


def test_a_root_that_is_our_descriptor_is_found_by_the_child() -> None:
    assert isolated.place("/proc/self/fd/7") == f"/proc/{os.getpid()}/fd/7"
    assert isolated.place("/mnt/image") == "/mnt/image"
    assert isolated.place("") == ""
