"""Lines of files of any size, a piece at a time: memory stays flat whatever a file holds."""

from __future__ import annotations

import os

from leadline.linux.files import ABSENT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST = 1 << 20  # bytes of a line that are kept
_CHUNK = 256 << 10
_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


def read(path: str) -> Iterator[bytes]:
    """Each line without its end (LF or CR LF), cut at LONGEST bytes; none where files.read has None.

    Raises OSError for what is wrong with the machine.
    """
    try:
        handle = os.open(path, _FLAGS)
    except ValueError:  # a NUL
        return
    except OSError as error:
        if error.errno in ABSENT:
            return
        raise
    try:
        yield from _lines(handle)
    except OSError as error:
        if error.errno not in ABSENT:
            raise
    finally:
        os.close(handle)


def _lines(handle: int) -> Iterator[bytes]:
    rest, cut = b"", False  # the line that has not ended; whether it is longer than what is kept of it
    while part := os.read(handle, _CHUNK):
        first, *others = part.split(b"\n")
        if not others:
            if not cut:
                cut = len(rest) + len(part) > LONGEST
                rest += part[: LONGEST - len(rest)]
            continue
        yield _without_return(rest if cut else rest + first)
        for line in others[:-1]:
            yield _without_return(line)
        rest, cut = others[-1], False
    if rest:
        yield _without_return(rest)


def _without_return(line: bytes) -> bytes:
    line = line[:LONGEST]
    return line[:-1] if line.endswith(b"\r") else line
