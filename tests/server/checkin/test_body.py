"""Reading bodies piece by piece, with limits."""

from __future__ import annotations

import asyncio
import gzip
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.server.checkin import body


def read(parts: list[bytes], encoding: bytes | None = None, limit: int = 100) -> bytes:
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": part, "more_body": number < len(parts) - 1}
        for number, part in enumerate(parts)
    ]

    async def receive() -> dict[str, Any]:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    return asyncio.run(body.read(receive, encoding, limit))


def test_pieces_are_joined() -> None:
    assert read([b"a", b"", b"b"]) == b"ab"


def test_a_body_that_grows_too_large_is_refused_before_its_end() -> None:
    with pytest.raises(body.BodyError) as caught:
        read([b"a" * 60, b"b" * 60, b"c"])
    assert caught.value.status == 413


def test_an_agent_that_hangs_up_is_noticed() -> None:
    with pytest.raises(body.DisconnectError):
        read([])


def test_gzip_members_are_joined() -> None:
    assert read([gzip.compress(b"a") + gzip.compress(b"b")], b"gzip") == b"ab"


@pytest.mark.parametrize("damaged", [b"x", gzip.compress(b"abc")[:-9], b"\x1f\x8b\x08"])
def test_damaged_gzip_is_a_client_error(damaged: bytes) -> None:
    with pytest.raises(body.BodyError) as caught:
        read([damaged], b"gzip")
    assert caught.value.status == 400


@given(st.binary(max_size=300))
def test_what_fits_survives_compression_and_what_does_not_is_refused(data: bytes) -> None:
    packed = gzip.compress(data)
    if len(data) <= 200:
        assert body.gunzip(packed, 200) == data
    else:
        with pytest.raises(body.BodyError):
            body.gunzip(packed, 200)
