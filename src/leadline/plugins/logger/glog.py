"""Status messages as google-glog writes them: the line format and the files."""

from __future__ import annotations

import os
import re
import socket
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime

from leadline.plugins.kinds import Status

LETTERS = "IWEF"
NAMES = ("INFO", "WARNING", "ERROR", "FATAL")
PROGRAM = "osqueryd"
MAX_SIZE = 10 << 20
KEPT = 1_000  # messages that wait while a file cannot be written


def line(message: Status) -> str:
    """``I0930 17:37:30.123456 THREAD file.cpp:LINE] message``, the time in UTC."""
    moment = datetime.fromtimestamp(message.time, UTC)
    place = f"{message.thread} {message.filename}:{message.line}"
    return f"{LETTERS[message.severity]}{moment:%m%d %H:%M:%S.%f} {place}] {message.message}"


class StatusFile:
    """The files of one severity, ``osqueryd.INFO.DATE-TIME.PID``, and the link ``osqueryd.INFO`` to the newest.

    A file is made when there is something to write, and replaced by a new one at 10 MiB or when somebody has taken it
    away. What cannot be written, the disk being full, waits for the next message, the newest 1,000 of them.
    """

    def __init__(self, directory: str, name: str, permissions: int, kept: Callable[[], int]) -> None:
        self.directory = directory
        self.name = name
        self.permissions = permissions
        self.kept = kept
        self.path = ""
        self.descriptor = -1
        self.waiting: deque[bytes] = deque(maxlen=KEPT)

    def write(self, content: bytes, time: float) -> None:
        """Write a line after those that wait; there is nowhere to tell that it could not be written."""
        self.waiting.append(content)
        try:
            self.ready(time)
            while self.waiting:
                rest = self.waiting[0]
                written = os.write(self.descriptor, rest)
                if written == len(rest):
                    self.waiting.popleft()
                else:
                    self.waiting[0] = rest[written:]
        except OSError:
            self.close()

    def ready(self, time: float) -> None:
        """Have a file open that is in its place and not full."""
        if self.descriptor >= 0:
            facts = os.fstat(self.descriptor)
            if facts.st_nlink and facts.st_size <= MAX_SIZE and self.there(facts):
                return
            self.close()
        self.create(time)

    def there(self, facts: os.stat_result) -> bool:
        """Whether the name still leads to the open file."""
        try:
            now = os.stat(self.path)
        except FileNotFoundError:
            return False
        return (now.st_dev, now.st_ino) == (facts.st_dev, facts.st_ino)

    def create(self, time: float) -> None:
        """Begin a file, or go on with the one of this second; point the link at it."""
        moment = datetime.fromtimestamp(time, UTC)
        name = f"{self.name}.{moment:%Y%m%d-%H%M%S}.{os.getpid()}"
        self.path = os.path.join(self.directory, name)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self.descriptor = os.open(self.path, flags, self.permissions)
        os.fchmod(self.descriptor, self.permissions)  # whatever the umask
        if not os.fstat(self.descriptor).st_size:
            head = (
                f"Log file created at: {moment:%Y/%m/%d %H:%M:%S}\nRunning on machine: {socket.gethostname()}\n"
                "Log line format: [IWEF]mmdd hh:mm:ss.uuuuuu threadid file:line] msg\n"
            )
            self.waiting.appendleft(head.encode())
        link = os.path.join(self.directory, self.name)
        temporary = f"{link}.{os.getpid()}"
        if os.path.lexists(temporary):
            os.remove(temporary)
        os.symlink(name, temporary)
        os.replace(temporary, link)
        self.prune()

    def prune(self) -> None:
        """Remove the oldest files when their number is limited."""
        most = self.kept()
        if not most:
            return
        pattern = re.compile(re.escape(self.name) + r"\.\d{8}-\d{6}\.\d+")
        names = sorted(filter(pattern.fullmatch, os.listdir(self.directory)))
        for name in names[: max(0, len(names) - most - 1)]:
            os.remove(os.path.join(self.directory, name))

    def close(self) -> None:
        """Close the file; the next message opens one."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


class StatusFiles:
    """The files of the severities: a message goes into those of its own and of all lower ones."""

    def __init__(self, directory: str, permissions: int, kept: Callable[[], int] = lambda: 0) -> None:
        """``kept`` tells how many files of a severity are kept beside the open one; 0 keeps all."""
        self.files = [StatusFile(directory, f"{PROGRAM}.{name}", permissions, kept) for name in NAMES[:3]]

    def write(self, message: Status) -> None:
        """Write one message."""
        content = (line(message) + "\n").encode("utf-8", "backslashreplace")
        for file in self.files[: min(message.severity, 2) + 1]:
            file.write(content, message.time)

    def close(self) -> None:
        """Close what is open."""
        for file in self.files:
            file.close()
