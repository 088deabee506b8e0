"""The file that an archive is written to: packed if wanted, and measured."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING

from leadline.agent.carving.errors import ARCHIVE_FAILED, COMPRESS_FAILED, CREATE_PATHS_FAILED, CarveError

if TYPE_CHECKING:
    from zstandard import ZstdCompressionObj

LEVEL = 3
LOOK = 16 << 20
"""Bytes between two looks at what is free on the disk."""

SPARED = 256 << 20
"""Bytes of the disk that stay free, or a twentieth of it when that is less: logs and the state need it too."""

ZEROS = bytes(1 << 16)


class Sink:
    """Writes ``path``, mode 0600. Without a ``limit`` of bytes only the free part of the disk counts.

    Raises CarveError when the file cannot be made. ``rest()`` is called after every piece and may wait.
    """

    def __init__(self, path: str, limit: int, *, compress: bool, rest: Callable[[], None]) -> None:
        self.path = path
        self.limit = limit
        self.rest = rest
        self.size = 0
        self.looked = 0
        self.digest = sha256()
        self.compressor: ZstdCompressionObj | None = compressor() if compress else None
        try:
            self.descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise CarveError(CREATE_PATHS_FAILED, f"cannot write {path}: {error.strerror}") from error

    def fits(self, amount: int) -> bool:
        """Whether as many bytes more are within the limit and leave enough of the disk free, if nothing packs them."""
        return (not self.limit or self.size + amount <= self.limit) and amount <= self.free()

    def free(self) -> int:
        """Bytes that may still be written to the disk."""
        disk = os.fstatvfs(self.descriptor)
        return disk.f_bavail * disk.f_frsize - min(SPARED, disk.f_blocks * disk.f_frsize // 20)

    def write(self, data: bytes) -> None:
        """Write a piece. Raises CarveError."""
        if self.compressor is not None:
            try:
                data = self.compressor.compress(data)
            except Exception as error:
                raise CarveError(COMPRESS_FAILED, f"cannot compress: {error}") from error
        self.put(data)
        self.rest()

    def zeros(self, amount: int) -> None:
        """Write as many zero bytes."""
        while amount > 0:
            self.write(ZEROS[:amount])
            amount -= len(ZEROS)

    def put(self, data: bytes) -> None:
        """Write bytes as they are. Raises CarveError."""
        self.size += len(data)
        if self.size - self.looked > LOOK:
            self.looked = self.size
            if self.free() < 0:
                raise CarveError(ARCHIVE_FAILED, f"the disk of {self.path} is nearly full")
        self.digest.update(data)
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self.descriptor, view) :]
        except OSError as error:
            raise CarveError(ARCHIVE_FAILED, f"cannot write {self.path}: {error.strerror}") from error

    def finish(self) -> None:
        """Write what is left and bring it to the disk. Raises CarveError."""
        if self.compressor is not None:
            self.put(self.compressor.flush())
        try:
            os.fdatasync(self.descriptor)
        except OSError as error:
            raise CarveError(ARCHIVE_FAILED, f"cannot write {self.path}: {error.strerror}") from error

    def close(self) -> None:
        """Close the file."""
        with suppress(OSError):
            os.close(self.descriptor)


def compressor() -> ZstdCompressionObj:
    """One zstd frame with a checksum."""
    from zstandard import ZstdCompressor

    return ZstdCompressor(level=LEVEL, write_checksum=True).compressobj()
