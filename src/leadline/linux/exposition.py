"""Metrics in the text that services offer to Prometheus. Format: Prometheus' text exposition format 0.0.4."""

from __future__ import annotations

from leadline.linux.text import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST = 1 << 16  # bytes of a line
_BLANKS = b" \t"
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
    at = 0
    while at < len(text):
        stop = text.find(b"\n", at)
        stop = len(text) if stop < 0 else stop
        line = text[at:stop].strip() if stop - at <= _LONGEST else b""
        at = stop + 1
        if line and not line.startswith(b"#"):
            end = _name_end(line)
            words = line[end:].split()
            if end > 0 and words and (value := _value(words[0])) is not None:
                time = _milliseconds(words[1]) if len(words) > 1 else None
                yield Sample(decode(line[:end]), None if value != value else value, time)


def _name_end(line: bytes) -> int:
    """Where name and labels end: at the first blank, or behind the closing brace; quoted braces do not count."""
    brace = line.find(b"{")
    blank = min((place for one in _BLANKS if (place := line.find(one)) >= 0), default=len(line))
    if brace < 0 or (blank < brace and line[blank:brace].strip()):
        return blank
    at = brace + 1
    while at < len(line):
        quote, close = line.find(b'"', at), line.find(b"}", at)
        if close >= 0 and (quote < 0 or close < quote):
            return close + 1
        if quote < 0:
            break
        at = _quote_end(line, quote + 1)
    return 0


def _quote_end(line: bytes, at: int) -> int:
    r"""The place behind a label's value. ``\\``, ``\"`` and ``\n`` are escaped in it."""
    while at < len(line):
        quote, escape = line.find(b'"', at), line.find(b"\\", at)
        if quote < 0:
            return len(line)
        if escape < 0 or quote < escape:
            return quote + 1
        at = escape + 2
    return len(line)


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
