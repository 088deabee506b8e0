"""Carves over osquery's TLS API."""

from __future__ import annotations

import json
import logging
import re
from binascii import b2a_base64
from collections.abc import Callable, Iterator
from typing import Any

from leadline.plugins.errors import InvalidNodeKeyError, PluginError, RefusedError, UnusableError
from leadline.plugins.kinds import Block, Carve, Context
from leadline.plugins.session import Session
from leadline.plugins.transport import Parts

log = logging.getLogger(__name__)

EXPECTED = re.compile(r"expected block \(([0-9]{1,18})\)")
"""In Fleet's answer to a block that is not the next one."""

SENDING = 1 << 16
"""Bytes that are sent at once."""


class TLS:
    """Opens a carve at ``carver_start_endpoint`` and sends its blocks to ``carver_continue_endpoint``."""

    def __init__(self, context: Context) -> None:
        self.flags = context.flags
        self.keys = context.keys
        self.session = Session(context)
        for flag in ("carver_start_endpoint", "carver_continue_endpoint"):
            if not self.flags.text(flag):
                log.warning("Carves will fail: no endpoint is set (--%s)", flag)

    def start(self, carve: Carve) -> str:
        """Open a carve; the server's id for it."""
        self.endpoint("carver_continue_endpoint")
        found = self.call("carver_start_endpoint", lambda key: begin(carve, key))
        session = found.get("session_id")
        if not isinstance(session, str) or not session:
            raise RefusedError("The server's answer to the start of a carve holds no session_id")
        return session

    def send(self, carve: Carve, session: str, block: Block) -> None:
        """Send a block. A server that already has it and says so is content."""
        parts = body(carve, session, block)
        try:
            found = self.call("carver_continue_endpoint", lambda _: parts)
        except RefusedError as error:
            expected = EXPECTED.search(str(error))
            if expected is None or int(expected[1]) != block.number + 1:
                raise
            return
        if found.get("success") is False:
            raise RefusedError(f"The server did not take block {block.number} of the carve")

    def call(self, flag: str, made: Callable[[str], str | Parts]) -> dict[str, Any]:
        """One request. Raises RefusedError for what is wrong with the carve; PluginError, which may be gone with the
        next try, when this machine is not known to the server."""
        endpoint = self.endpoint(flag)
        try:
            self.keys.key()
        except RefusedError as error:
            raise PluginError(str(error), error.retry_after) from error
        try:
            return self.session.call(endpoint, made)[0]
        except InvalidNodeKeyError as error:
            raise PluginError(str(error), error.retry_after) from error

    def endpoint(self, flag: str) -> str:
        """The path that a flag names."""
        path = self.flags.text(flag)
        if not path:
            raise UnusableError(f"Cannot deliver carves: no endpoint is set (--{flag})")
        return path

    def cancel(self) -> None:
        """End a request that another thread is in."""
        self.session.cancel()


def begin(carve: Carve, key: str) -> str:
    """The body that opens a carve, its members in osquery's order."""
    members = {
        "block_count": carve.block_count,
        "block_size": carve.block_size,
        "carve_size": carve.size,
        "carve_id": carve.guid,
        "request_id": carve.request,
        "node_key": key,
    }
    return json.dumps(members, ensure_ascii=False, separators=(",", ":"))


def body(carve: Carve, session: str, block: Block) -> Parts:
    """The body of a block; the node key is in the header only."""
    before = (
        f'{{"block_id":{block.number},"session_id":{json.dumps(session)},"request_id":{json.dumps(carve.request)}'
        ',"data":"'
    ).encode()
    after = b'"}'

    def pieces() -> Iterator[bytes]:
        waiting = before
        for piece in block.pieces():
            waiting += b2a_base64(piece, newline=False)
            if len(waiting) >= SENDING:
                yield waiting
                waiting = b""
        yield waiting + after

    return Parts(len(before) + (block.size + 2) // 3 * 4 + len(after), pieces)
