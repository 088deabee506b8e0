"""The root directory of another process's mount namespace, setns(2).

Only a process with a single thread may enter a mount namespace, and one that has entered would load its programs from
there: Python's modules from a container's files. So a child enters, opens `/` and hands the descriptor back; nothing
else is done on the other side, and files are read below that descriptor.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_NEWNS = 0x00020000  # CLONE_NEWNS of linux/sched.h
_PATH = 0x200000  # O_PATH: a place in the tree, without the right to read it
_SECONDS = 5.0  # a child that takes longer is stuck on a file system that does not answer


def identifier(pid: int) -> str | None:
    """The number of the process's mount namespace; None when there is no such process, or no right to look at it."""
    try:
        return os.readlink(f"/proc/{pid}/ns/mnt").removeprefix("mnt:[").removesuffix("]")
    except OSError:
        return None


def root(pid: int) -> int | None:
    """A descriptor of the namespace's root directory, for the caller to close; None as for :func:`identifier`.

    The directory can be used as ``/proc/self/fd/N``.
    """
    import socket

    try:
        namespace = os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        enter = _setns()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with ours, theirs:
            child = os.fork()
            if child == 0:
                _send_root(enter, namespace, theirs)
            theirs.close()
            ours.settimeout(_SECONDS)
            return _received(ours, child)
    finally:
        os.close(namespace)


def _setns() -> Callable[[int, int], int]:
    """setns(2), which os has from Python 3.12 on."""
    import ctypes

    function: Callable[[int, int], int] = ctypes.CDLL(None, use_errno=True).setns
    return function


def _send_root(enter: Callable[[int, int], int], namespace: int, channel: object) -> None:
    """The child: enter, open, send, end. Everything it needs was loaded before."""
    try:
        if enter(namespace, _NEWNS) == 0:
            import socket  # loaded by root(): here it only makes a name

            socket.send_fds(channel, [b"/"], [os.open("/", _PATH | os.O_DIRECTORY | os.O_CLOEXEC)])  # type: ignore[arg-type]
    finally:
        os._exit(0)


def _received(channel: object, child: int) -> int | None:
    import socket
    from signal import SIGKILL

    try:
        descriptors = socket.recv_fds(channel, 1, 1)[1]  # type: ignore[arg-type]
    except OSError:
        descriptors = []
    try:
        os.kill(child, SIGKILL)
        os.waitpid(child, 0)
    except OSError:  # somebody else reaps our children
        pass
    return descriptors[0] if descriptors else None
