"""A connection to systemd: over the system bus or, where there is none, its own socket.

Answers are taken apart by jeepney. Many calls go out before the first answer is awaited, so that asking for a property
of each of some hundred units costs no round trip each. D-Bus: https://dbus.freedesktop.org/doc/dbus-specification.html
"""

from __future__ import annotations

import errno
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any, Self

    from jeepney import Message, Parser  # type: ignore[import-untyped]

    # object path, interface, member, signature of the arguments or None, arguments
    Call = tuple[str, str, str, str | None, tuple[str, ...]]

NAME = "org.freedesktop.systemd1"
PATH = "/org/freedesktop/systemd1"
SYSTEM_BUS = "/run/dbus/system_bus_socket"
PRIVATE = "/run/systemd/private"  # systemd's own, for root only; answers without a bus
_SECONDS = 5.0  # that one answer may take
_ALL = 60.0  # and all together
_NUDGE = 0.02  # seconds
_WINDOW = 64  # calls on their way: so few that their bytes fit into the socket's buffer
_MESSAGE = 64 << 20  # bytes of the largest answer that is read
_NO_AUTO_START = 2
_NOBODY = (errno.ENOENT, errno.ECONNREFUSED, errno.ENOTDIR)


class BusError(Exception):
    """systemd did not answer, or not as it should."""


def addresses(environment: Mapping[str, str]) -> list[tuple[str, bool]]:
    """The sockets to try, each with whether a bus is behind it.

    A variable may name another system bus, dbus-daemon(1).
    """
    named = environment.get("DBUS_SYSTEM_BUS_ADDRESS", "")
    paths = [part[10:].partition(",")[0] for part in named.split(";") if part.startswith("unix:path=")]
    return [(path, True) for path in paths or [SYSTEM_BUS]] + [(PRIVATE, False)]


def connect(places: Iterable[tuple[str, bool]]) -> Bus | None:
    """A connection to systemd through the first socket that leads to it; None when none is there.

    Raises BusError when a socket is there and its other end cannot be talked to.
    """
    places = [place for place in places if _there(place[0])]
    if not places:
        return None  # before jeepney is loaded, which takes 15 ms
    from jeepney.auth import AuthenticationError  # type: ignore[import-untyped]
    from jeepney.io.blocking import prep_socket  # type: ignore[import-untyped]

    problem = None
    for path, is_bus in places:
        try:
            bus = Bus(prep_socket(path, timeout=_SECONDS), is_bus)
        except OSError as error:
            if error.errno not in _NOBODY:
                problem = f"{path}: {os.strerror(error.errno) if error.errno else error}"
            continue
        except (AuthenticationError, ValueError) as error:
            problem = f"{path}: {error}"
            continue
        try:
            if bus.reaches_systemd():
                return bus
        except BusError as error:
            problem = f"{path}: {error}"
        bus.close()
    if problem:
        raise BusError(problem)
    return None


def _there(path: str) -> bool:
    try:
        os.stat(path)
    except OSError as error:
        return error.errno not in _NOBODY
    return True


class Bus:
    """An open connection; a context manager."""

    __slots__ = ("_end", "_is_bus", "_parser", "_serial", "_socket")

    def __init__(self, connected: socket.socket, is_bus: bool) -> None:
        from time import monotonic

        from jeepney import Parser

        self._end = monotonic() + _ALL
        self._socket = connected
        self._is_bus = is_bus
        self._serial = 0
        self._parser: Parser = Parser()
        connected.settimeout(_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def reaches_systemd(self) -> bool:
        """Whether systemd is at the other end; says Hello to a bus, as one has to before anything else."""
        if not self._is_bus:
            return self._wake()
        bus = ("/org/freedesktop/DBus", "org.freedesktop.DBus")
        self.call((*bus, "Hello", None, ()))
        return self.call((*bus, "NameHasOwner", "s", (NAME,))) == (True,)

    def _wake(self) -> bool:
        """Ping until there is an answer.

        When systemd reads our first message together with the end of the authentication, it only looks at it once more
        comes (seen with systemd 252). Answers that come late are passed over by their serial number.
        """
        from select import POLLIN, poll

        readable = poll()
        readable.register(self._socket, POLLIN)
        for _ in range(int(_SECONDS / _NUDGE)):
            serial = self._send(("/", "org.freedesktop.DBus.Peer", "Ping", None, ()))
            if readable.poll(_NUDGE * 1000):
                self._answer(serial, {})
                return True
        raise BusError("timed out")

    def call(self, call: Call) -> tuple[Any, ...]:
        """The answer to one call. Raises BusError also when it is an error."""
        for answer in self.calls([call]):
            if answer is not None:
                return answer
        raise BusError(f"{call[2]} was refused")

    def calls(self, calls: Iterable[Call]) -> Iterator[tuple[Any, ...] | None]:
        """The answer to each call, in their order: the arguments of the reply, None for an error.

        Raises BusError when the connection fails.
        """
        waiting: list[int] = []
        answers: dict[int, tuple[Any, ...] | None] = {}
        for call in calls:
            waiting.append(self._send(call))
            if len(waiting) == _WINDOW:
                yield self._answer(waiting.pop(0), answers)
        for serial in waiting:
            yield self._answer(serial, answers)

    def _send(self, call: Call) -> int:
        self._serial += 1
        path, interface = call[:2]
        destination = (NAME if path.startswith(PATH) else interface) if self._is_bus else None
        try:
            self._socket.sendall(encoded(call, self._serial, destination))
        except OSError as error:
            raise BusError(str(error)) from error
        return self._serial

    def _answer(self, serial: int, answers: dict[int, tuple[Any, ...] | None]) -> tuple[Any, ...] | None:
        from jeepney import HeaderFields, MessageType

        while serial not in answers:
            message = self._receive()
            fields = message.header.fields
            answered = fields.get(HeaderFields.reply_serial)
            if isinstance(answered, int):  # anything else is a signal
                failed = message.header.message_type == MessageType.error
                answers[answered] = None if failed else message.body
        return answers.pop(serial)

    def _receive(self) -> Message:
        from struct import error as StructError  # noqa: N812
        from time import monotonic

        try:
            while True:
                message = self._parser.get_next_message()
                if message is not None:
                    return message
                if monotonic() > self._end:
                    raise BusError("the answers take too long")
                size = self._parser.next_msg_size
                if size is not None and size > _MESSAGE:
                    raise BusError("an answer is too large")
                data = self._socket.recv(1 << 18)
                if not data:
                    raise BusError("the connection was closed")
                self._parser.add_data(data)
        except OSError as error:
            raise BusError(str(error)) from error
        except (  # jeepney takes what a bus sends for right
            StructError, ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError,
        ) as error:  # fmt: skip
            raise BusError(f"an answer is malformed: {error!r}") from error


def encoded(call: Call, serial: int, destination: str | None) -> bytes:
    """The bytes of a call. Its arguments are strings, so that this takes a tenth of the time of a general encoder."""
    from struct import pack

    path, interface, member, signature, arguments = call
    fields = b""
    for code, kind, value in ((1, b"o", path), (2, b"s", interface), (3, b"s", member), (6, b"s", destination)):
        if value:
            fields += bytes(-len(fields) % 8) + bytes([code, 1]) + kind + b"\0" + _string(value)
    if signature:
        text = signature.encode()
        fields += bytes(-len(fields) % 8) + b"\x08\x01g\0" + bytes([len(text)]) + text + b"\0"
    body = b""
    for argument in arguments:
        body += bytes(-len(body) % 4) + _string(argument)
    start = pack("<cBBBIII", b"l", 1, _NO_AUTO_START, 1, len(body), serial, len(fields))
    return start + fields + bytes(-(16 + len(fields)) % 8) + body


def _string(value: str) -> bytes:
    data = value.encode()
    return len(data).to_bytes(4, "little") + data + b"\0"
