"""The file of a listening socket: who was there before, and who may connect."""

from __future__ import annotations

import os
import socket
import stat
from glob import escape, glob

from leadline.extensions.errors import ExtensionError

BACKLOG = 128
LONGEST = 107
"""Bytes of a path that a socket address holds besides its final NUL (unix(7))."""


def listen(path: str) -> socket.socket:
    """A socket that listens at the path, for this user only.

    What a program left there that has ended is removed, and so is an empty file, which mkstemp made to reserve the
    name. Raises ExtensionError with a sentence.
    """
    if len(os.fsencode(path)) > LONGEST:
        raise ExtensionError(f"The path of a socket has at most {LONGEST} bytes, this one has more: {path}")
    try:
        clear(path)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            listener.bind(path)
            os.chmod(path, 0o600)  # nobody can connect before listen()
            listener.listen(BACKLOG)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        raise ExtensionError(f"Cannot make the socket {path}: {error.strerror}") from error
    return listener


def clear(path: str) -> None:
    """Remove what is in the way at the path. Raises ExtensionError when it is in use or is no socket."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return
    if stat.S_ISSOCK(found.st_mode):
        if answered(path):
            raise ExtensionError(f"Another process listens at {path}")
    elif not stat.S_ISREG(found.st_mode) or found.st_size:
        raise ExtensionError(f"{path} is there already and is no socket")
    os.unlink(path)


def answered(path: str) -> bool:
    """Whether somebody listens."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(path)
        except OSError as error:
            return isinstance(error, BlockingIOError | TimeoutError)  # its queue is full
    return True


def clear_extensions(path: str) -> None:
    """Remove the sockets of extensions of an earlier start: the path, a point and a number."""
    for name in glob(escape(path) + ".*"):
        if name[len(path) + 1 :].isdigit() and stat.S_ISSOCK(os.lstat(name).st_mode):
            remove(name)


def remove(path: str) -> None:
    """Remove a socket, if it is still there."""
    try:
        os.unlink(path)
    except OSError:
        pass
