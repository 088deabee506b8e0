"""Log lines in files: results, snapshots, and status messages in glog's format."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Sequence

from leadline.plugins.errors import PluginError, UnusableError
from leadline.plugins.kinds import Context, Status
from leadline.plugins.logger import rotation
from leadline.plugins.logger.glog import StatusFiles

log = logging.getLogger(__name__)

FILES = {"result": "osqueryd.results.log", "snapshot": "osqueryd.snapshots.log"}


class Filesystem:
    """Appends to files in ``logger_path``.

    A receipt is ``device:inode:length`` of the file after a delivery. What the file holds beyond that length was
    written by a delivery that the end of the process (or a full disk) cut short: when it is the beginning of what is
    to be written now, only the rest is written, so that no line is lost and none is there twice. The file may have
    been rotated since, by us or by logrotate: then ``.1`` is looked at as well.

    With ``logger_rotate`` a file that has reached ``logger_rotate_size`` is rotated after the delivery.
    """

    streams = {"result": ("result",), "snapshot": ("snapshot",)}  # noqa: RUF012
    period = 0.0
    most = 1024
    patience = 60.0

    def __init__(self, context: Context) -> None:
        self.flags = context.flags
        self.directory = context.flags.text("logger_path")
        self.permissions = mode(context.flags.text("logger_mode"))
        self.messages = StatusFiles(self.directory, self.permissions, self.kept)

    def kept(self) -> int:
        """How many status files of a severity are kept; 0 keeps all."""
        return self.flags.number("logger_rotate_max_files") if self.flags.on("logger_rotate") else 0

    def start(self) -> None:
        """Make the directory and see that files can be written there. Raises UnusableError."""
        text = self.flags.text("logger_mode")
        if not mode(text):
            raise UnusableError(f"No file permissions in octal (--logger_mode): {text}")
        try:
            os.makedirs(self.directory, exist_ok=True)
            os.close(self.open("result"))
        except OSError as error:
            raise UnusableError(f"Cannot write logs to {self.directory} (--logger_path): {error.strerror}") from error

    def open(self, stream: str) -> int:
        """The file of a stream, opened anew for each delivery: somebody may have moved it away."""
        path = os.path.join(self.directory, FILES[stream])
        flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC
        try:
            return os.open(path, flags)
        except FileNotFoundError:
            descriptor = os.open(path, flags | os.O_CREAT, self.permissions)
            os.fchmod(descriptor, self.permissions)  # whatever the umask
            return descriptor

    def mark(self, stream: str) -> str:
        """The file as it is before the first delivery."""
        descriptor = self.open(stream)
        try:
            return receipt_of(descriptor, os.fstat(descriptor).st_size)
        finally:
            os.close(descriptor)

    def send(self, stream: str, lines: Sequence[str], receipt: str) -> str:
        """Append what is not there yet."""
        content = ("\n".join(lines) + "\n").encode("utf-8", "backslashreplace")
        try:
            if self.rotated(stream, content, receipt):
                return self.mark(stream)
            descriptor = self.open(stream)
            try:
                receipt = append(descriptor, content, receipt)
                size = os.fstat(descriptor).st_size
            finally:
                os.close(descriptor)
        except OSError as error:
            raise PluginError(f"Cannot write {FILES[stream]} in {self.directory}: {error.strerror}") from error
        return self.rotate(stream) if size >= self.flags.number("logger_rotate_size") else receipt

    def rotated(self, stream: str, content: bytes, receipt: str) -> bool:
        """Whether the file was rotated after an interrupted delivery that had written all of ``content``."""
        device_inode, _, length = receipt.rpartition(":")
        try:
            descriptor = os.open(os.path.join(self.directory, FILES[stream] + ".1"), os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            facts = os.fstat(descriptor)
            return (
                device_inode == f"{facts.st_dev}:{facts.st_ino}"
                and os.pread(descriptor, len(content), int(length or 0)) == content
            )
        finally:
            os.close(descriptor)

    def rotate(self, stream: str) -> str:
        """Rotate the file of a stream if that is wanted; the receipt for the new file, or for the old one."""
        path = os.path.join(self.directory, FILES[stream])
        if self.flags.on("logger_rotate"):
            try:
                rotation.rotate(path, self.flags.number("logger_rotate_max_files"))
            except OSError as error:
                log.warning("Cannot rotate %s: %s", path, error.strerror)
        return self.mark(stream)

    def status(self, message: Status) -> None:
        """Write a status message into the files of its severity and of the lower ones."""
        self.messages.write(message)

    def cancel(self) -> None:
        """Writing files does not take long."""

    def close(self) -> None:
        """Close the status files."""
        self.messages.close()


def mode(text: str) -> int:
    """File permissions in octal; 0 when it is none."""
    return int(text, 8) if re.fullmatch("0?[0-7]{3,4}", text) else 0


def append(descriptor: int, content: bytes, receipt: str) -> str:
    """Write the part of ``content`` that an interrupted delivery has not written; the new receipt."""
    facts = os.fstat(descriptor)
    place, _, length = receipt.rpartition(":")
    known = int(length or 0)
    if place == f"{facts.st_dev}:{facts.st_ino}" and facts.st_size > known:
        written = os.pread(descriptor, len(content), known)
        if content.startswith(written):
            write(descriptor, content[len(written) :])
            return receipt_of(descriptor, known + len(content))
    if facts.st_size and os.pread(descriptor, 1, facts.st_size - 1) != b"\n":
        write(descriptor, b"\n")
    write(descriptor, content)
    return receipt_of(descriptor, os.fstat(descriptor).st_size)


def write(descriptor: int, content: bytes) -> None:
    """Write all of it."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def receipt_of(descriptor: int, length: int) -> str:
    """``device:inode:length``."""
    facts = os.fstat(descriptor)
    return f"{facts.st_dev}:{facts.st_ino}:{length}"
