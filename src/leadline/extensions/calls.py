"""Calls to the other side of an extension socket: one connection a call, as osquery makes them."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Any

from thrift.Thrift import TApplicationException, TException, TMessageType  # type: ignore[import-untyped]

from leadline.extensions.errors import AnswerError, ExtensionError, GoneError, RefusedError, SlowError
from leadline.extensions.stream import Limits, Stream
from leadline.extensions.structs import MANAGER, Info, Response, Routes, Rows

UNREADABLE = (TException, OverflowError, TypeError, ValueError, EOFError, MemoryError, AttributeError)
"""What thrift raises for bytes that are no message, and what odd values raise when they are used."""

RETRY = 0.05
"""Seconds between two tries to connect to a socket that should be there soon."""

PATIENCE = 300.0
"""Seconds for a call, as the flag thrift_timeout is declared."""


def connect(path: str, until: float) -> socket.socket:
    """A connection; tried again until the time of the monotonic clock. Raises GoneError."""
    while True:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            connection.settimeout(max(1.0, until - monotonic()))
            connection.connect(path)
        except OSError as error:
            connection.close()
            number = error.errno or errno.ETIMEDOUT
            if monotonic() >= until or number not in (errno.ENOENT, errno.ECONNREFUSED, errno.EAGAIN):
                raise GoneError(f"Cannot connect to {path}: {os.strerror(number)}") from error
            sleep(RETRY)
        else:
            return connection


class Peer:
    """The other side of a socket: an extension, or a manager, which answers everything an extension does.

    A call waits ``timeout`` seconds at most; a socket that is not there is waited for until ``until``, a time of the
    monotonic clock. Every method raises ExtensionError.
    """

    def __init__(self, path: str, timeout: float = PATIENCE, until: float = 0.0, limits: Limits | None = None) -> None:
        self.path = path
        self.timeout = timeout
        self.until = until
        self.limits = limits or Limits()

    @contextmanager
    def connection(
        self, timeout: float | None = None, cancelled: Callable[[], bool] = lambda: False
    ) -> Iterator[Callable[..., Any]]:
        """A connection for several calls, as a function of the call's name and its arguments."""
        deadline = monotonic() + (self.timeout if timeout is None else timeout)
        with connect(self.path, min(self.until, deadline)) as connected:
            stream = Stream(connected, self.limits, cancelled)
            yield lambda name, **arguments: exchange(stream, deadline, name, arguments)

    def invoke(
        self, name: str, timeout: float | None = None, cancelled: Callable[[], bool] = lambda: False, **arguments: Any
    ) -> Any:
        """One call; what it returns."""
        with self.connection(timeout, cancelled) as invoke:
            return invoke(name, **arguments)

    def ping(self, timeout: float | None = None) -> None:
        """Whether somebody is there and well. Raises RefusedError when it says it is not."""
        status = self.invoke("ping", timeout)
        if status.code == 1:
            raise RefusedError(f"The answer to a ping is {status.message or 'a failure'!r}")

    def call(
        self,
        registry: str,
        item: str,
        request: Mapping[str, str],
        timeout: float | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> tuple[int, str, Rows]:
        """Ask a plugin; code, message and rows of the answer."""
        response = self.invoke("call", timeout, cancelled, registry=registry, item=item, request=dict(request))
        return unpacked(response)

    def shutdown(self, timeout: float = 2.0) -> None:
        """Ask the program to end."""
        self.invoke("shutdown", timeout)

    def extensions(self) -> dict[int, Info]:
        """Who is registered, by number."""
        found: dict[int, Info] = self.invoke("extensions")
        return found

    def register(self, info: Info, routes: Routes) -> int:
        """Become known to a manager; the number it gives. Raises RefusedError."""
        status = self.invoke("registerExtension", info=info, registry=routes)
        if status.code != 0 or not isinstance(status.uuid, int):
            raise RefusedError(status.message or f"The manager refused with code {status.code}")
        return status.uuid

    def deregister(self, uuid: int) -> None:
        """Be forgotten. Raises RefusedError."""
        status = self.invoke("deregisterExtension", uuid=uuid)
        if status.code != 0:
            raise RefusedError(status.message or f"The manager refused with code {status.code}")

    def query(self, sql: str, timeout: float | None = None, cancelled: Callable[[], bool] = lambda: False) -> Rows:
        """Rows of a statement, as text. Raises RefusedError with SQLite's message."""
        code, message, rows = unpacked(self.invoke("query", timeout, cancelled, sql=sql))
        if code != 0:
            raise RefusedError(message or f"The statement failed with code {code}")
        return rows

    def columns(self, sql: str) -> list[tuple[str, str]]:
        """Name and type of a statement's result columns. Raises RefusedError."""
        code, message, rows = unpacked(self.invoke("getQueryColumns", sql=sql))
        if code != 0:
            raise RefusedError(message or f"The statement failed with code {code}")
        return [pair for row in rows for pair in row.items()]


def unpacked(response: Response) -> tuple[int, str, Rows]:
    """Code, message and rows of a response; a code that was not sent counts as success, as in C++."""
    status = response.status
    code = 0 if status is None else int(status.code or 0)
    return code, (status and status.message) or "", response.response or []


def exchange(stream: Stream, deadline: float, name: str, arguments: Mapping[str, Any]) -> Any:
    """Send one call and read its answer. Raises ExtensionError."""
    call = MANAGER[name]
    try:
        stream.begin(deadline)
        protocol = stream.protocol()
        protocol.writeMessageBegin(name, TMessageType.CALL, 0)
        call.arguments(**arguments).write(protocol)
        protocol.writeMessageEnd()
        stream.flush()
        answered, kind, _ = protocol.readMessageBegin()
        if kind == TMessageType.EXCEPTION:
            refusal = TApplicationException()
            refusal.read(protocol)
            raise RefusedError(f"{name} failed on the other side: {refusal}")
        result = call.result()
        result.read(protocol)
        if kind != TMessageType.REPLY or answered != name:
            raise AnswerError(f"The answer to {name} is one to something else")
        if not call.result.thrift_spec:
            return None
        if result.success is None:
            raise AnswerError(f"The answer to {name} holds no result")
        return result.success
    except SlowError as error:
        raise SlowError(f"{error} ({name})") from error
    except ExtensionError:
        raise
    except UNREADABLE as error:
        raise AnswerError(f"The answer to {name} cannot be read: {type(error).__name__}: {error}") from error
