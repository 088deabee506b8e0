"""Extensions that this program starts itself: each a child process, started again when it ends."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable, Sequence
from threading import Event, Lock, Thread
from time import monotonic

log = logging.getLogger(__name__)

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
STEADY = 60.0
"""Seconds after which a program counts as running well: the next restart does not wait longer than the first."""

POLITE = 3.0
"""Seconds between the request to end and the kill."""


class Child(Thread):
    """Runs one program as long as it is wanted. ``check`` tells why it must not be started (any more), or nothing."""

    def __init__(self, path: str, arguments: Sequence[str], check: Callable[[], str]) -> None:
        super().__init__(name=f"child {path}", daemon=True)
        self.path = path
        self.arguments = [path, *arguments]
        self.check = check
        self.ending = Event()
        self.lock = Lock()
        self.pid = 0  # 0 while none runs

    def run(self) -> None:
        """Start, wait, start again; the pause grows while it ends soon after its start."""
        pause = FIRST_PAUSE
        while not self.ending.is_set():
            problem = self.check()
            if problem:
                log.warning("Will not start the extension %s: %s", self.path, problem)
                return
            began = monotonic()
            how = self.once()
            if self.ending.is_set():
                return
            pause = FIRST_PAUSE if monotonic() - began > STEADY else pause
            log.warning("The extension %s %s; it is started again in %g s", self.path, how, pause)
            self.ending.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def once(self) -> str:
        """Run it once; how it ended."""
        with self.lock:
            if self.ending.is_set():
                return "was not started"
            try:
                # the threads of the agent block its signals; a group of its own lets its children end with it
                self.pid = os.posix_spawn(
                    self.path, self.arguments, os.environ, setpgroup=0, setsigmask=(),
                    file_actions=[(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)],
                )  # fmt: skip
            except OSError as error:
                return f"cannot be started: {error.strerror}"
        log.debug("Started the extension %s as process %d", self.path, self.pid)
        status = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)  # its number stays ours until the lock is held
        with self.lock:
            os.waitpid(self.pid, 0)
            self.pid = 0
        if status is None:
            return "ended"
        return f"ended with code {status.si_status}" if status.si_code == os.CLD_EXITED else (
            f"was ended by signal {status.si_status}"
        )  # fmt: skip

    def signal(self, number: int) -> None:
        """Send a signal to the program and its own children."""
        with self.lock:
            if self.pid:
                try:
                    os.killpg(self.pid, number)
                except ProcessLookupError:
                    pass


class Children:
    """All of them."""

    def __init__(self) -> None:
        self.children: list[Child] = []

    def start(self, path: str, arguments: Sequence[str], check: Callable[[], str] = lambda: "") -> None:
        """Run a program from now on."""
        child = Child(path, arguments, check)
        self.children.append(child)
        child.start()

    def stop(self) -> None:
        """End them: politely, and after some seconds not so."""
        for child in self.children:
            child.ending.set()
            child.signal(signal.SIGTERM)
        end = monotonic() + POLITE
        for child in self.children:
            child.join(max(0.0, end - monotonic()))
        for child in self.children:
            if child.is_alive():
                child.signal(signal.SIGKILL)
                child.join(1.0)
