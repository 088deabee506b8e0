"""The file that holds the daemon's process id, locked as long as the daemon runs."""

from __future__ import annotations

import fcntl
import os
import signal
from time import monotonic, sleep

from leadline.agent.errors import AgentError

PATIENCE = 20.0  # seconds for the daemon that is to be replaced


def hold(path: str, *, force: bool) -> int:
    """Lock the file and write our process id; returns the descriptor that holds the lock.

    With ``force`` a daemon that holds it is ended first. Raises AgentError.
    """
    while True:
        descriptor = lock(path, force=force)
        if same(descriptor, path):
            break
        os.close(descriptor)  # the daemon that ended has removed the file we were waiting for
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return descriptor


def lock(path: str, *, force: bool) -> int:
    """Open and lock the file, whatever has become of its name meanwhile. Raises AgentError."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise AgentError(f"Cannot write the pidfile {path} (--pidfile): {error.strerror}") from error
    if not locked(descriptor):
        other = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
        if running(other):
            if not force:
                os.close(descriptor)
                raise AgentError(f"osqueryd is already running as process {other} (pidfile {path})")
            terminate(other)
        wait(descriptor, other, path)
    return descriptor


def same(descriptor: int, path: str) -> bool:
    """Whether the path still names the open file."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False


def locked(descriptor: int) -> bool:
    """Try to lock; whether it worked."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def running(other: str) -> bool:
    """Whether the process whose number is in the file runs; when it does not its worker, which has the lock as well,
    is about to end.
    """
    if not other.isdigit() or int(other) <= 1:
        return True  # the file is being written
    try:
        os.kill(int(other), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def terminate(other: str) -> None:
    """Ask the process that holds the lock to end."""
    if other.isdigit() and int(other) > 1:
        try:
            os.kill(int(other), signal.SIGTERM)
        except ProcessLookupError:
            pass


def wait(descriptor: int, other: str, path: str) -> None:
    """Wait for the lock. Raises AgentError."""
    end = monotonic() + PATIENCE
    while not locked(descriptor):
        if monotonic() > end:
            os.close(descriptor)
            raise AgentError(f"Process {other} does not end (pidfile {path})")
        sleep(0.1)


def release(path: str, descriptor: int) -> None:
    """Remove the file and give up the lock."""
    try:
        os.remove(path)
    except OSError:
        pass
    os.close(descriptor)
