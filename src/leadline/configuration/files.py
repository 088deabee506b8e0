"""The files of a configuration: the one that ``config_path`` names and those of the directory beside it."""

from __future__ import annotations

import errno
import os
from glob import escape, glob
from stat import S_ISREG

LONGEST = 64 << 20
"""Bytes of a file that are read at most; a document may have fewer, but its comments do not count."""


def paths(config_path: str) -> list[str]:
    """``config_path`` and every ``config_path``.d/*.conf, sorted by name."""
    return [config_path, *sorted(glob(escape(config_path) + ".d/*.conf"))]


def text(path: str) -> str:
    """The content of a regular file; what is not UTF-8 in it is replaced, and the reader will say where.

    Raises OSError.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a FIFO in the place would block for ever
    with os.fdopen(descriptor, "rb") as stream:
        if not S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "Not a regular file", path)
        content = stream.read(LONGEST + 1)
    if len(content) > LONGEST:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), path)
    return content.decode("utf-8", "replace")
