"""Status messages as google-glog writes them: the line format and the files."""

from __future__ import annotations

import os
import socket
from datetime import UTC, datetime
from io import BufferedWriter

from leadline.plugins.kinds import Status

LETTERS = "IWEF"
NAMES = ("INFO", "WARNING", "ERROR", "FATAL")
PROGRAM = "osqueryd"
MAX_SIZE = 10 << 20


def line(message: Status) -> str:
    """``I0930 17:37:30.123456 THREAD file.cpp:LINE] message``, the time in UTC."""
    moment = datetime.fromtimestamp(message.time, UTC)
    place = f"{message.thread} {message.filename}:{message.line}"
    return f"{LETTERS[message.severity]}{moment:%m%d %H:%M:%S.%f} {place}] {message.message}"


class StatusFiles:
    """One file a severity, ``osqueryd.INFO.DATE-TIME.PID``, each with a symbolic link ``osqueryd.INFO`` to it.

    A message goes into the file of its severity and those of all lower ones. Files are made when there is something
    to write, and replaced by new ones at 10 MiB.
    """

    def __init__(self, directory: str, permissions: int) -> None:
        self.directory = directory
        self.permissions = permissions
        self.files: dict[int, BufferedWriter] = {}

    def write(self, message: Status) -> None:
        """Write one message; a file that cannot be written is given up silently, as there is nowhere to tell it."""
        content = (line(message) + "\n").encode("utf-8", "backslashreplace")
        for severity in range(min(message.severity, 2) + 1):
            try:
                file = self.files.get(severity)
                if file is None or file.tell() > MAX_SIZE:
                    file = self.files[severity] = self.create(severity, message.time)
                file.write(content)
                file.flush()
            except OSError:
                self.files.pop(severity, None)

    def create(self, severity: int, time: float) -> BufferedWriter:
        """Begin a file and point the link at it."""
        moment = datetime.fromtimestamp(time, UTC)
        link = os.path.join(self.directory, f"{PROGRAM}.{NAMES[severity]}")
        name = f"{PROGRAM}.{NAMES[severity]}.{moment:%Y%m%d-%H%M%S}.{os.getpid()}"
        descriptor = os.open(
            os.path.join(self.directory, name), os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, self.permissions
        )
        file = os.fdopen(descriptor, "ab")
        file.write(
            f"Log file created at: {moment:%Y/%m/%d %H:%M:%S}\nRunning on machine: {socket.gethostname()}\n"
            "Log line format: [IWEF]mmdd hh:mm:ss.uuuuuu threadid file:line] msg\n".encode()
        )
        temporary = f"{link}.{os.getpid()}"
        os.symlink(name, temporary)
        os.replace(temporary, link)
        return file

    def close(self) -> None:
        """Close what is open."""
        while self.files:
            self.files.popitem()[1].close()
