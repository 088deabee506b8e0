"""Answers idle distributed reads before they become ASGI requests.

Nearly all that agents ask is a distributed read with nothing to do, and an agent sends it over one connection in the
same bytes again and again. Behind uvicorn even an empty ASGI application costs a task, an event and two writes (two
system calls) a request, and every header a call. Here the first such request is recognised where the parser ends, and
its repetitions by comparing bytes.

The shortcut is only that: what it does not recognise (another header, body, key, or something to do) goes the whole
way through :mod:`leadline.server.checkin.app`, with the same result. ``bench/checkin.py`` measures both.
"""

from __future__ import annotations

from typing import Any

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from leadline.server.asgi import Header
from leadline.server.checkin.app import PATHS
from leadline.server.checkin.distributed import IDLE, read
from leadline.server.domain.hosts import key_hash
from leadline.server.instance import Instance
from leadline.wire.osquery_tls import NodeRequest

URLS = frozenset(path.encode() for path, endpoint in PATHS.items() if endpoint is read)
SPECIAL = frozenset((b"content-encoding", b"prefer", b"expect", b"upgrade", b"connection"))
LARGEST = 4096

_DECODE = msgspec.json.Decoder(NodeRequest).decode


def hash_of(body: bytes) -> bytes | None:
    """The hash of a distributed read's node key; None for a body that is not one."""
    try:
        return key_hash(_DECODE(body).node_key)
    except msgspec.MsgspecError:
        return None


def is_idle(instance: Instance, hashed: bytes | None) -> bool:
    """Whether the key is of a known host with nothing to do, which then counts as seen."""
    record = instance.registry.by_key.get(hashed) if hashed is not None else None
    if record is None or record.pending:
        return False
    now = instance.clock()
    if record.details_due <= now:
        return False
    record.seen_at = now
    instance.registry.seen.add(record)
    instance.counters.distributed_read += 1
    return True


def response(defaults: list[Header]) -> bytes:
    """The whole idle response with uvicorn's default headers (Date)."""
    head = b"".join(b"%s: %s\r\n" % header for header in defaults)
    return (
        b"HTTP/1.1 200 OK\r\n%scontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % (head, len(IDLE)) + IDLE
    )


class AgentProtocol(HttpToolsProtocol):
    """uvicorn's protocol with the shortcut: holds a distributed read back until its body is there; then answers it or
    hands it on.

    ``_known`` is the last chunk of data that was exactly one request and was answered here, ``_hashed`` its key;
    ``_begun`` counts requests of the present chunk, ``_open`` says that one has not ended.
    """

    instance: Instance

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._known = b""
        self._hashed: bytes | None = None
        self._begun = 0
        self._open = False
        self._held: bytes | None = None
        self._response_of: list[Header] = []
        self._response = b""

    def data_received(self, data: bytes) -> None:
        """Compare with the request before; parse what differs."""
        if data == self._known and not self._open and self._is_quiet() and is_idle(self.instance, self._hashed):
            self._unset_keepalive_if_required()
            self._answer()
            return
        continued, self._begun, self._known = self._open, 0, b""
        super().data_received(data)
        # Set meanwhile when a request was answered here: it may stand for the chunk if it was all of it.
        if self._known:
            self._known = b"" if continued or self._begun != 1 or self._open else data

    def on_message_begin(self) -> None:
        """A request begins."""
        self._begun += 1
        self._open = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Hold back what may be an idle read."""
        if (
            self.url in URLS
            and self._is_quiet()
            and self.parser.get_method() == b"POST"
            and self.parser.get_http_version() == "1.1"
            and not any(name in SPECIAL for name, _ in self.headers)
        ):
            self._held = b""
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Collect the body of a request that is held back."""
        if self._held is None:
            super().on_body(body)
            return
        self._held += body
        if len(self._held) > LARGEST:
            self._hand_on()

    def on_message_complete(self) -> None:
        """Answer the request that is held back, or hand it on."""
        self._open = False
        if self._held is None:
            super().on_message_complete()
            return
        hashed = hash_of(self._held)
        if is_idle(self.instance, hashed):
            self._known, self._hashed, self._held = self._held, hashed, None
            self._answer()
        else:
            self._hand_on()
            super().on_message_complete()

    def _is_quiet(self) -> bool:
        # A peer that does not read its answers must not make us collect more of them.
        return (self.cycle is None or self.cycle.response_complete) and not self.flow.write_paused

    def _hand_on(self) -> None:
        held, self._held = self._held, None
        super().on_headers_complete()
        if held:
            super().on_body(held)

    def _answer(self) -> None:
        defaults = self.server_state.default_headers
        if defaults is not self._response_of:  # replaced every second
            self._response_of, self._response = defaults, response(defaults)
        self.transport.write(self._response)
        self.on_response_complete()


def protocol(instance: Instance) -> type[HttpToolsProtocol]:
    """The protocol class for one server."""
    return type("AgentProtocol", (AgentProtocol,), {"instance": instance})
