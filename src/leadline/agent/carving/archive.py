"""The archive of a carve: a tar file in pax format (POSIX.1-2001) that is written in one go.

The size of a member stands before its content, so it is fixed when the file is opened: of a file that grows the first
part is taken, one that shrinks is filled up with zeros. Holes of sparse files are left out (GNU's sparse format 1.0,
https://www.gnu.org/software/tar/manual/html_node/PAX-1.html), so that they cost neither disk nor network.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from errno import EINVAL, ENXIO
from typing import NamedTuple

from leadline.agent.carving.collect import opened
from leadline.agent.carving.sink import Sink
from leadline.linux.text import clean

SMALL = 256 << 10
"""A file up to this size in bytes is read before its size is written, which is right for /proc and /sys too."""

PIECE = 256 << 10
HOLES = 1 << 20
"""Bytes of holes that make it worth to leave them out."""

MOST_PARTS = 10_000
"""Parts between holes that are told apart; what comes behind the last one is taken as it is."""

MOST_PROBLEMS = 1_000
"""Problems that are listed; the list comes on top of what the limit allows."""

HEADERS = 2_048
"""Bytes that a member takes besides its content."""

BLOCK = 512


class Problem(NamedTuple):
    """What is not as it should be with one file."""

    path: str
    reason: str


class Archive:
    """Takes one file after the other. Methods raise CarveError and what ``sink.rest`` raises."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.files = 0
        self.bytes = 0
        self.problems: list[Problem] = []
        self.more = 0
        """Problems that there was no room for."""

    def problem(self, path: str, reason: str) -> None:
        """Remember it for the list."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(clean(path), reason))
        else:
            self.more += 1

    def add(self, path: str) -> None:
        """Put in a file; one that cannot be read becomes a problem."""
        try:
            descriptor = opened(path)
        except OSError as error:
            self.problem(path, error.strerror or str(error))
            return
        except ValueError:
            self.problem(path, "no file can have this name")
            return
        try:
            self.take(path, descriptor)
        except OSError as error:  # before anything of it was written
            self.problem(path, f"cannot be read: {error.strerror}")
        finally:
            os.close(descriptor)

    def take(self, path: str, descriptor: int) -> None:
        """Put in an open file. Raises OSError while nothing of it is written."""
        status = os.fstat(descriptor)
        size = status.st_size
        if size <= SMALL:
            content = whole(descriptor)
            if len(content) <= SMALL:
                if self.room(path, len(content)):
                    self.begin(path, status, len(content))
                    self.sink.write(padded(content))
                return
            size = max(os.fstat(descriptor).st_size, len(content))
        found = parts(descriptor, size) if status.st_blocks * BLOCK < size else [(0, size)]
        stored = sum(length for _, length in found)
        if not self.room(path, stored):
            return
        if size - stored >= HOLES:
            table = padded("".join(f"{number}\n" for number in listed(found, size)).encode())
            self.begin(path, status, size, (table, stored))
            self.sink.write(table)
        else:
            found, stored = [(0, size)], size
            self.begin(path, status, size)
        reason = self.copy(descriptor, found)
        self.sink.zeros(-stored % BLOCK)
        if not reason and os.fstat(descriptor).st_size > size:
            reason = f"grew while it was read: these are the first {size} bytes"
        if reason:
            self.problem(path, reason)

    def room(self, path: str, amount: int) -> bool:
        """Whether a member of that many bytes fits; one that does not becomes a problem."""
        if self.sink.fits(amount + HEADERS):
            return True
        limit = f"--carver_disk_limit is {self.sink.limit >> 20} MiB, {max(0, self.sink.free()) >> 20} MiB are free"
        self.problem(path, f"left out: its {amount} bytes do not fit ({limit})")
        return False

    def begin(self, path: str, status: os.stat_result, size: int, sparse: tuple[bytes, int] | None = None) -> None:
        """Write the header of a member. ``sparse``: the table of its parts and how many bytes they have."""
        from tarfile import PAX_FORMAT, TarInfo

        name = os.path.abspath(path).lstrip("/")
        member = TarInfo(name)
        member.size = size
        member.mode = status.st_mode & 0o7777
        member.uid, member.gid = status.st_uid, status.st_gid
        member.mtime = status.st_mtime
        member.pax_headers = {"atime": f"{status.st_atime_ns / 1e9:.6f}", "ctime": f"{status.st_ctime_ns / 1e9:.6f}"}
        if sparse is not None:
            folder, base = os.path.split(name)
            member.name = os.path.join(folder, "GNUSparseFile.0", base)
            member.size = len(sparse[0]) + sparse[1]
            member.pax_headers |= {
                "GNU.sparse.major": "1",
                "GNU.sparse.minor": "0",
                "GNU.sparse.name": name,
                "GNU.sparse.realsize": str(size),
            }
        self.sink.write(member.tobuf(PAX_FORMAT, "utf-8", "surrogateescape"))
        self.files += 1
        self.bytes += size

    def copy(self, descriptor: int, found: list[tuple[int, int]]) -> str:
        """Write parts of a file as long as they are said to be; what was wrong with them, if anything."""
        for offset, length in found:
            end = offset + length
            while offset < end:
                try:
                    data = os.pread(descriptor, min(PIECE, end - offset), offset)
                    reason = f"shrank while it was read: zeros from byte {offset}"
                except OSError as error:
                    data = b""
                    reason = f"cannot be read from byte {offset} on, zeros instead: {error.strerror}"
                if not data:
                    self.sink.zeros(sum(max(0, at + size - max(at, offset)) for at, size in found))
                    return reason
                self.sink.write(data)
                offset += len(data)
        return ""

    def finish(self, guid: str, about: dict[str, object], now: Callable[[], float]) -> None:
        """Write the list of problems, ``carve_GUID.json``, as the last member, and the end of the archive."""
        from tarfile import PAX_FORMAT, TarInfo

        content = {
            **about,
            "files": self.files,
            "bytes": self.bytes,
            "problems": [problem._asdict() for problem in self.problems],
            "problems_left_out": self.more,
        }
        text = json.dumps(content, indent=1, ensure_ascii=False).encode("utf-8", "backslashreplace")
        member = TarInfo(f"carve_{guid}.json")
        member.size = len(text)
        member.mode = 0o600
        member.mtime = int(now())
        self.sink.write(member.tobuf(PAX_FORMAT) + padded(text) + bytes(2 * BLOCK))
        self.sink.finish()


def whole(descriptor: int) -> bytes:
    """What a file holds, up to one byte more than SMALL: files of /proc come piece by piece."""
    pieces = []
    left = SMALL + 1
    while left > 0 and (piece := os.read(descriptor, left)):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def parts(descriptor: int, size: int) -> list[tuple[int, int]]:
    """Offset and length of what is between the holes of a file (lseek(2), SEEK_DATA and SEEK_HOLE)."""
    found: list[tuple[int, int]] = []
    offset = 0
    try:
        while offset < size:
            start = os.lseek(descriptor, offset, os.SEEK_DATA)
            if start >= size:
                break
            last = len(found) == MOST_PARTS - 1
            offset = size if last else min(size, os.lseek(descriptor, start, os.SEEK_HOLE))
            found.append((start, offset - start))
    except OSError as error:
        if error.errno == EINVAL:  # this file system does not tell
            return [(0, size)]
        if error.errno != ENXIO:  # nothing but a hole up to the end
            raise
    return found


def listed(found: list[tuple[int, int]], size: int) -> list[int]:
    """The numbers of the table: how many parts, then offset and length of each; one of no length marks the end."""
    ends = found[-1:] == [] or sum(found[-1]) < size
    marked = [*found, (size, 0)] if ends else found
    return [len(marked), *(number for part in marked for number in part)]


def padded(data: bytes) -> bytes:
    """Filled up to a multiple of a tar block."""
    return data + bytes(-len(data) % BLOCK)
