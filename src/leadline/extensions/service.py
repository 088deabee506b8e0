"""Answers calls on a socket, one thread a connection."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Mapping
from select import POLLIN, poll
from threading import BoundedSemaphore, Event, Lock, Thread
from time import monotonic
from typing import Any

from leadline.extensions import sockets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.extensions.stream import Limits, Stream
    from leadline.extensions.structs import Call

log = logging.getLogger(__name__)

CONNECTIONS = 128
"""The most that are served at a time; further ones wait in the queue of the socket."""

MESSAGE = 30.0
"""Seconds for a message from its first byte to its last, and for an answer to be taken."""

Answers = Mapping[str, Callable[..., Any]]
"""By the name of a call, the function that answers it; it is given the call's arguments by name."""


class Service(Thread):
    """Listens at a path and serves the calls of one side. Thrift is imported when somebody connects."""

    def __init__(self, path: str, answers: Answers, limits: Callable[[], Limits]) -> None:
        """Raises ExtensionError when the socket cannot be made."""
        super().__init__(name=f"extensions {path}", daemon=True)
        self.path = path
        self.answers = answers
        self.limits = limits
        self.listener = sockets.listen(path)
        self.closing = Event()
        self.slots = BoundedSemaphore(CONNECTIONS)
        self.lock = Lock()
        self.connections: dict[socket.socket, Thread] = {}

    def run(self) -> None:
        """Accept until told to stop."""
        poller = poll()
        poller.register(self.listener, POLLIN)
        while not self.closing.is_set():
            if not self.slots.acquire(timeout=0.5):
                continue
            accepted = None
            try:
                poller.poll()  # ends when stop() shuts the listener down
                if not self.closing.is_set():
                    accepted = self.listener.accept()[0]
            except OSError as error:
                if not self.closing.wait(0.2):
                    log.warning("Cannot accept a connection at %s: %s", self.path, error.strerror)
            if accepted is None:
                self.slots.release()
            else:
                thread = Thread(target=self.serve, args=(accepted,), name="extension connection", daemon=True)
                with self.lock:
                    self.connections[accepted] = thread
                thread.start()

    def serve(self, connection: socket.socket) -> None:
        """Answer the calls of one connection until it ends."""
        from leadline.extensions.errors import ExtensionError
        from leadline.extensions.stream import Stream

        try:
            stream = Stream(connection, self.limits(), self.closing.is_set)
            while stream.idle() and not self.closing.is_set():
                answer(stream, self.answers)
        except ExtensionError as error:
            if not self.closing.is_set():
                log.warning("Closed a connection at %s: %s", self.path, error)
        except Exception:
            log.exception("A connection at %s failed", self.path)
        finally:
            with self.lock:
                self.connections.pop(connection, None)
            connection.close()
            self.slots.release()

    def stop(self, timeout: float = 3.0) -> None:
        """Hang up and wait for the threads; the socket's file is removed."""
        end = monotonic() + timeout
        self.closing.set()
        sockets.remove(self.path)
        hang_up(self.listener)
        with self.lock:
            waiting = dict(self.connections)
            for connection in waiting:
                hang_up(connection)
        for thread in (self, *waiting.values()):
            if thread.ident is not None:
                thread.join(max(0.0, end - monotonic()))
        self.listener.close()


def hang_up(connection: socket.socket) -> None:
    """Wake the thread that waits for the other side."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


def answer(stream: Stream, answers: Answers) -> None:
    """Read one call and answer it. Raises ExtensionError when it cannot be read or the answer not be sent."""
    from thrift.Thrift import TApplicationException, TMessageType, TType  # type: ignore[import-untyped]

    from leadline.extensions.calls import UNREADABLE
    from leadline.extensions.errors import AnswerError, ExtensionError
    from leadline.extensions.structs import MANAGER

    stream.begin(monotonic() + MESSAGE)
    protocol = stream.protocol()
    refusal = None
    result: Any = None
    number = 0
    try:
        name, kind, number = protocol.readMessageBegin()
        call = MANAGER.get(name) if name in answers else None
        if call is None:
            protocol.skip(TType.STRUCT)
            refusal = TApplicationException(TApplicationException.UNKNOWN_METHOD, f"Unknown function {name[:100]}")
        else:
            arguments = call.arguments()
            arguments.read(protocol)
    except ExtensionError:
        raise
    except UNREADABLE as error:
        raise AnswerError(f"A call cannot be read: {type(error).__name__}: {error}") from error
    if call is not None:
        result, refusal = performed(answers[name], name, call, arguments)
    if kind == TMessageType.ONEWAY:
        return
    stream.begin(monotonic() + MESSAGE)
    protocol.writeMessageBegin(name, TMessageType.EXCEPTION if refusal else TMessageType.REPLY, number)
    (refusal or result).write(protocol)
    protocol.writeMessageEnd()
    stream.flush()


def performed(action: Callable[..., Any], name: str, call: Call, arguments: Any) -> tuple[Any, Any]:
    """The result of a call, or what thrift sends when it failed."""
    from thrift.Thrift import TApplicationException

    result = call.result()
    try:
        success = action(**{argument: getattr(arguments, argument) for argument in call.names})
        if call.result.thrift_spec:
            result.success = success
    except Exception as error:
        log.exception("The call %s failed", name)
        message = f"{type(error).__name__}: {error}"
        return None, TApplicationException(TApplicationException.INTERNAL_ERROR, message)
    return result, None
