"""Pipes that processes hold open: anonymous ones and named ones (FIFOs), pipe(7), fifo(7)."""

from __future__ import annotations

import os
import stat

from leadline.linux import proc, rooted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

ANONYMOUS = "anonymous"
NAMED = "named"
_MARK = "pipe:["


class End:
    """A descriptor that refers to a pipe. ``mode`` is r, w or rw; ``pipe`` is the same for all ends of a pipe."""

    __slots__ = ("fd", "inode", "mode", "pid", "pipe", "type")

    def __init__(self, pid: int, fd: int, mode: str, inode: int, type: str, pipe: tuple[int, int]) -> None:
        self.pid = pid
        self.fd = fd
        self.mode = mode
        self.inode = inode
        self.type = type
        self.pipe = pipe


def ends(root: str) -> Iterator[End]:
    """The ends of pipes that the processes hold, by process."""
    for pid in proc.pids(root):
        for number, target in proc.descriptors(root, pid):
            if target.startswith(_MARK):
                inode = target[len(_MARK) : -1]
                if inode.isdecimal() and len(inode) <= proc.DIGITS:
                    yield End(pid, number, _mode(root, pid, number), int(inode), ANONYMOUS, (0, int(inode)))
            elif target.startswith("/"):
                status = _status(root, pid, number, target)
                if status is not None and stat.S_ISFIFO(status.st_mode):
                    pipe = (status.st_dev, status.st_ino)
                    yield End(pid, number, _mode(root, pid, number), status.st_ino, NAMED, pipe)


def _status(root: str, pid: int, number: int, target: str) -> os.stat_result | None:
    """Of what a descriptor refers to: through the descriptor, as its path may mean something else to us."""
    try:
        return os.stat(rooted.path(root, target) if root else f"/proc/{pid}/fd/{number}")
    except (OSError, ValueError):
        return None


def _mode(root: str, pid: int, number: int) -> str:
    """What a descriptor was opened for, as the rights of its link in /proc tell, proc(5)."""
    try:
        mode = os.lstat(f"{root}/proc/{pid}/fd/{number}").st_mode
    except OSError:
        return "-"
    return ("r" if mode & 0o444 else "") + ("w" if mode & 0o222 else "")
