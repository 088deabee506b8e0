"""Rotating log files: ``.1`` is plain, ``.2.zst`` and older are packed with zstd.

A process that ends at any point leaves files that the next rotation puts in order: a plain ``.2`` is one that was not
packed yet, and packing it again gives the same file.
"""

from __future__ import annotations

import os

PACKED = ".zst"
PIECE = 1 << 18


def rotate(path: str, most: int) -> None:
    """Move the files one place on, keep ``most`` of them, at least one, and make room for a new one at ``path``.

    Raises OSError, with every line still in one of the files.
    """
    most = max(most, 1)
    finish(f"{path}.2")
    last = 1
    while os.path.exists(place(path, last)):
        last += 1
    for number in range(last - 1, 0, -1):
        if number >= most:
            os.remove(place(path, number))
        elif number == 1:
            os.replace(f"{path}.1", f"{path}.2")
        else:
            os.replace(place(path, number), place(path, number + 1))
    os.replace(path, f"{path}.1")
    finish(f"{path}.2")


def place(path: str, number: int) -> str:
    """The name of a rotated file."""
    return f"{path}.{number}" if number == 1 else f"{path}.{number}{PACKED}"


def finish(path: str) -> None:
    """Pack a file that is to be packed, if it is there; its permissions, owner and time stay the same."""
    try:
        facts = os.stat(path)
    except FileNotFoundError:
        return
    import zstandard

    temporary = f"{path}{PACKED}.new"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with open(path, "rb") as source, os.fdopen(descriptor, "wb") as target:
            zstandard.ZstdCompressor(level=3, write_checksum=True).copy_stream(
                source, target, size=facts.st_size, read_size=PIECE, write_size=PIECE
            )
            os.fchown(descriptor, facts.st_uid, facts.st_gid)
            os.fchmod(descriptor, facts.st_mode & 0o7777)
            target.flush()
            os.fsync(descriptor)
        os.utime(temporary, ns=(facts.st_atime_ns, facts.st_mtime_ns))
        os.replace(temporary, path + PACKED)
    except BaseException:
        if os.path.exists(temporary):
            os.remove(temporary)
        raise
    os.remove(path)
