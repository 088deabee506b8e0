"""Reading small files, links and directories that may not be there.

The one place that decides which errors of the operating system mean "no such thing" and which are worth an
exception. /proc and /sys add to the usual ones: ESRCH for a process that ended between two calls, ENODEV for a device
that did, EINVAL, EIO, ENODATA and EOPNOTSUPP from files that have nothing to say.
"""

from __future__ import annotations

import errno
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

ABSENT = frozenset(
    {
        errno.ENOENT,
        errno.ESRCH,
        errno.EACCES,
        errno.EPERM,
        errno.ENOTDIR,
        errno.EISDIR,
        errno.ELOOP,
        errno.ENAMETOOLONG,
        errno.ENXIO,  # a socket in the file system
        errno.EAGAIN,  # a pipe that somebody writes to
        errno.EINVAL,
        errno.EIO,
        errno.ENODEV,  # an attribute in /sys of a device that is gone, or that the driver does not fill
        errno.ENODATA,
        errno.EOPNOTSUPP,
    }
)

# Without O_NONBLOCK a pipe put in the place of a file would hold us until somebody writes to it.
_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
_CHUNK = 16384

amount = 0
"""Bytes read since the program started, for what queries cost; approximate when threads read at once."""


def read(path: str, limit: int = 64 << 20) -> bytes | None:
    """The first ``limit`` bytes of a file; None when it is missing, forbidden, gone or not a file with content.

    Raises OSError for what is wrong with the machine (EMFILE, ENOMEM and the like).
    """
    return _opened(path, _contents, limit)


def record(path: str) -> bytes | None:
    """The same for a file of /proc that the kernel fills as far as there is room, so that a short read is the end.

    That saves a tenth of the time that reading a process takes.
    """
    data = _opened(path, os.read, _CHUNK)
    return data if data is None or len(data) < _CHUNK else read(path)


def _opened(path: str, reading: Callable[[int, int], bytes], limit: int) -> bytes | None:
    """What ``reading`` gets from the file's descriptor; None when the file is absent."""
    global amount
    try:
        descriptor = os.open(path, _FLAGS)
        try:
            data = reading(descriptor, limit)
        finally:
            os.close(descriptor)
        amount += len(data)
        return data
    except OSError as error:
        if error.errno in ABSENT:
            return None
        raise
    except ValueError:  # a path with a NUL, which no file has
        return None


def regular(path: str) -> int | None:
    """A descriptor of a regular file, for the caller to close; None as for :func:`read` and for all else."""
    from stat import S_ISREG

    try:
        descriptor = os.open(path, _FLAGS)
    except OSError as error:
        if error.errno in ABSENT:
            return None
        raise
    except ValueError:  # a NUL in the path
        return None
    if S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    return None


def _contents(descriptor: int, limit: int) -> bytes:
    size = min(_CHUNK, limit)
    data = os.read(descriptor, size)
    # /proc ends a read at a record's border, so only an empty read is the end.
    more = os.read(descriptor, min(size, limit - len(data))) if data else b""
    return _rest(descriptor, data + more, limit) if more else data


def _rest(descriptor: int, data: bytes, limit: int) -> bytes:
    parts = [data]
    left = limit - len(data)
    size = _CHUNK
    while left > 0:
        size = min(size * 2, 1 << 20)
        part = os.read(descriptor, min(size, left))
        if not part:
            break
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def link(path: str) -> str | None:
    """Where a symbolic link points to, bytes that are no UTF-8 surrogate-escaped; None as for :func:`read`."""
    try:
        return os.readlink(path)
    except OSError as error:
        if error.errno in ABSENT:
            return None
        raise
    except ValueError:
        return None


def names(path: str) -> list[str]:
    """The names in a directory in the order the system gives them; none when it is missing, forbidden or gone."""
    try:
        return os.listdir(path)
    except OSError as error:
        if error.errno in ABSENT:
            return []
        raise
    except ValueError:
        return []
