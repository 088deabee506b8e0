"""The event stream of one live query: a cursor over the store that sleeps between commits."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from leadline.server.domain.live import RUNNING, Totals
from leadline.server.errors import ServerError
from leadline.server.instance import Instance

if TYPE_CHECKING:
    from leadline.server.rest.live_queries import LiveQuery, Result

KEEP_ALIVE = 15
TOTALS_EVERY = 0.2
"""Seconds between two ``totals`` events, at least."""

_ENCODER = msgspec.json.Encoder()


def event(kind: str, data: object, id: int | None = None) -> bytes:
    """One event as it goes over the wire; JSON holds no line breaks."""
    head = f"id: {id}\n" if id is not None else ""
    return f"{head}event: {kind}\ndata: ".encode() + _ENCODER.encode(data) + b"\n\n"


async def events(
    instance: Instance,
    live_query_id: int,
    after: int,
    state: Callable[[], Awaitable[LiveQuery]],
    results: Callable[[int], Awaitable[Sequence[Result]]],
) -> AsyncIterator[bytes]:
    """``result`` for every stored result above ``after``, ``totals`` when they change, ``end`` when it is over.

    The version is taken before the store is read, so whatever commits in between wakes the wait at once; the state is
    read before the results, so when it says that the query is over, all results can be read.
    """
    signals = instance.live.signals
    told: Totals | None = None
    told_at = 0.0
    yield b": open\n\n"
    try:
        while not signals.closed:
            version = signals.version(live_query_id)
            query = await state()
            while found := await results(after):
                for result in found:
                    yield event("result", result, result.seq)
                    after = result.seq
            over = query.status != RUNNING
            quiet = time.monotonic() - told_at
            if query.totals != told and (over or quiet >= TOTALS_EVERY):
                yield event("totals", query.totals)
                told, told_at, quiet = query.totals, time.monotonic(), 0.0
            if over:
                yield event("end", query)
                return
            pending = query.totals != told
            woken = await signals.wait(live_query_id, version, TOTALS_EVERY - quiet if pending else KEEP_ALIVE)
            if not woken and not pending:
                yield b": still here\n\n"
    except ServerError as error:
        # The headers are sent; the browser's EventSource comes again by itself and resumes.
        instance.log.warning("an event stream ended early", live_query=live_query_id, reason=str(error))
