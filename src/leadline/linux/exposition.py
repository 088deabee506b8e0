"""Metrics in the text that services offer to Prometheus. Format: Prometheus' text exposition format 0.0.4."""

from __future__ import annotations

from leadline.linux.text import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST = 1 << 16  # bytes of a line
_MOST = 1 << 63


class Sample:
    """One value: its name with its labels as they were written, and its time in ms since the epoch if it has one.

    A value that is no number is None.
    """

    __slots__ = ("name", "time", "value")

    def __init__(self, name: str, value: float | None, time: int | None) -> None:
        self.name = name
        self.value = value
        self.time = time


def samples(text: bytes) -> Iterator[Sample]:
    """The samples of an answer in their order; lines that are none are passed over."""
    import re

    # Name, and labels whose values may hold anything in quotes. Nothing of it is tried twice.
    head = re.compile(rb'[^\s{]++(?:[ \t]*+\{(?:[^"}]|"(?:[^"\\]|\\.)*+")*+\})?+')
    at = 0
    while at < len(text):
        stop = text.find(b"\n", at)
        stop = len(text) if stop < 0 else stop
        line = text[at:stop].strip() if stop - at <= _LONGEST else b""
        at = stop + 1
        name = None if line.startswith(b"#") else head.match(line)
        words = line[name.end() :].split() if name else []
        if name and words and (value := _value(words[0])) is not None:
            time = _milliseconds(words[1]) if len(words) > 1 else None
            yield Sample(decode(name[0]), None if value != value else value, time)


def _value(word: bytes) -> float | None:
    """A number as Go's ParseFloat takes it: ``NaN`` and ``+Inf`` too; None for what is none."""
    if len(word) > 400:
        return None
    try:
        return float(word)
    except ValueError:
        return None


def _milliseconds(word: bytes) -> int | None:
    digits = word[1:] if word[:1] == b"-" else word
    if not digits.isdigit() or len(digits) > 19:
        return None
    time = int(word)
    return time if -_MOST <= time < _MOST else None
