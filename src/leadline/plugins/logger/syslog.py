"""Log lines to the machine's syslog service, over the datagram socket that syslog(3) writes to."""

from __future__ import annotations

import errno
import json
import os
import socket
from collections.abc import Sequence
from time import localtime, strftime

from leadline.plugins.errors import IncompleteError
from leadline.plugins.kinds import Context, Status

IDENTITY = "osqueryd"
PATIENCE = 5.0
INFO = 6
PRIORITIES = (5, 4, 3, 2)
"""syslog's notice, warning, error and critical for the severities of status messages."""

COOKIE = "@cee:"
"""Tells rsyslog and syslog-ng that JSON follows (the CEE specification's cookie)."""


class Syslog:
    """One datagram a line, in the form of RFC 3164 that syslog(3) writes.

    A line leaves the buffer when the service's socket took it. A line that is larger than a datagram can be
    (net.core.wmem_default) is refused.
    """

    streams = {"result": ("result", "snapshot"), "status": ("status",)}  # noqa: RUF012
    period = 1.0
    most = 1024
    patience = 60.0

    def __init__(self, context: Context) -> None:
        self.flags = context.flags
        self.socket: socket.socket | None = None

    def start(self) -> None:
        """The service may start later than we do."""

    def mark(self, stream: str) -> str:  # noqa: ARG002
        """What was sent cannot be looked at again."""
        return ""

    def send(self, stream: str, lines: Sequence[str], receipt: str) -> str:
        """Send the lines one by one."""
        refused = {}
        for index, line in enumerate(lines):
            try:
                self.write(*self.message(stream, line))
            except OSError as error:
                if error.errno == errno.EMSGSIZE:
                    refused[index] = f"The line is too long for a datagram: {len(line)} characters"
                    continue
                self.close()
                path = self.flags.text("logger_syslog_socket")
                sentence = f"Cannot write to syslog at {path}: {error.strerror or error}"
                raise IncompleteError(sentence, range(index, len(lines)), refused) from error
        if refused:
            raise IncompleteError("Some lines are too long for syslog", (), refused)
        return receipt

    def message(self, stream: str, line: str) -> tuple[int, str]:
        """Priority and text of a line; status messages get the form ``severity=N location=FILE:LINE message=…``."""
        if stream == "status":
            fields = json.loads(line)
            place = f"{fields['filename']}:{fields['line']}"
            text = f"severity={fields['severity']} location={place} message={fields['message']}"
            return PRIORITIES[fields["severity"]], text
        return INFO, COOKIE + line if self.flags.on("logger_syslog_prepend_cee") else line

    def write(self, priority: int, text: str) -> None:
        """Send one datagram, over a new connection when the service was started anew. Raises OSError."""
        facility = self.flags.number("logger_syslog_facility")
        number = (facility if 0 <= facility <= 23 else 19) * 8 + priority
        head = f"<{number}>{strftime('%b %e %H:%M:%S', localtime())} {IDENTITY}[{os.getpid()}]: "
        content = (head + text).encode("utf-8", "backslashreplace")
        fresh = self.socket is None
        try:
            self.connected().send(content)
        except (ConnectionRefusedError, ConnectionResetError, BrokenPipeError):
            if fresh:
                raise
            self.close()
            self.connected().send(content)

    def connected(self) -> socket.socket:
        """The socket."""
        if self.socket is None:
            made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            made.settimeout(PATIENCE)
            try:
                made.connect(self.flags.text("logger_syslog_socket"))
            except OSError:
                made.close()
                raise
            self.socket = made
        return self.socket

    def status(self, message: Status) -> None:
        """Status messages go through the buffer: the service may not be there yet."""

    def cancel(self) -> None:
        """A datagram is sent within seconds, or not."""

    def close(self) -> None:
        """Close the socket; the next line opens another one."""
        if self.socket is not None:
            self.socket.close()
            self.socket = None
