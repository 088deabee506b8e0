"""Telling systemd how the service does: sd_notify(3) without its library, and without importing socket.

``_socket`` is what socket itself is made of; the whole module would take a tenth of the watcher's memory.
"""

from __future__ import annotations

import os
from time import CLOCK_MONOTONIC, clock_gettime_ns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import MutableMapping

READY = "READY=1"
STOPPING = "STOPPING=1"
WATCHDOG = "WATCHDOG=1"


class Notifier:
    """Sends states to the socket that systemd named; sends nothing when the service manager is another one.

    The variables are taken out of the environment: what this program starts shall not speak for it.
    """

    __slots__ = ("address", "interval")

    def __init__(self, environment: MutableMapping[str, str]) -> None:
        address = environment.pop("NOTIFY_SOCKET", "")
        wanted = environment.pop("WATCHDOG_USEC", "")
        meant = environment.pop("WATCHDOG_PID", "") in ("", str(os.getpid()))
        self.address = "\0" + address[1:] if address.startswith("@") else address
        self.interval = int(wanted) / 2_000_000 if meant and wanted.isdigit() and self.address else 0.0
        """Seconds between WATCHDOG=1; 0 when nobody waits for it."""

    def send(self, *states: str) -> None:
        """Send states in one message; a socket that does not take it within a second is left alone."""
        if not self.address:
            return
        import _socket

        try:
            connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_DGRAM | _socket.SOCK_CLOEXEC)
            try:
                connection.settimeout(1.0)
                connection.sendto("\n".join(states).encode(), self.address)
            finally:
                connection.close()
        except OSError:
            pass

    def ready(self, status: str = "") -> None:
        """Start-up, or loading again, is finished."""
        self.send(READY, f"MAINPID={os.getpid()}", *([f"STATUS={status}"] if status else []))

    def reloading(self) -> None:
        """The configuration is loaded again; :meth:`ready` ends it."""
        self.send("RELOADING=1", f"MONOTONIC_USEC={clock_gettime_ns(CLOCK_MONOTONIC) // 1000}")
