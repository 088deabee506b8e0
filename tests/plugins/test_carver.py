"""The TLS carver against a real server: bodies to the byte, blocks of any size, and what each failure means."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from leadline.plugins.carver.tls import TLS
from leadline.plugins.errors import PluginError, RefusedError, UnusableError
from leadline.plugins.kinds import Block, Carve

CARVE = Carve("guid", 'request "é"', 3_500_000, "digest", 1_000_000)


@pytest.fixture
def carver(fleet: Any, surroundings: Any) -> Iterator[TLS]:
    surroundings.set(carver_start_endpoint="/carve/start", carver_continue_endpoint="/carve/continue")
    made = TLS(surroundings)
    yield made
    made.session.transport.close()


def block(number: int, data: bytes, piece: int = 49_152) -> Block:
    return Block(number, len(data), lambda: (data[at : at + piece] for at in range(0, len(data), piece)))


@pytest.mark.parametrize("size", [0, 1, 2, 3, 100, 8192, 49_151, 49_152, 49_153, 1_000_000])
def test_a_block_arrives_whatever_its_size(fleet: Any, carver: TLS, size: int) -> None:
    session = carver.start(CARVE)
    data = os.urandom(size)
    carver.send(CARVE, session, block(0, data))
    carver.send(CARVE, session, block(1, data[::-1]))
    assert fleet.carves[session].blocks == [data, data[::-1]]
    assert CARVE.block_count == fleet.carves[session].begin["block_count"] == 4
    assert fleet.connections == 1


def test_bodies_are_osquerys(fleet: Any, carver: TLS) -> None:
    carver.send(CARVE, carver.start(CARVE), block(0, b"content"))
    (start,), (sent,) = fleet.seen("/carve/start"), fleet.seen("/carve/continue")
    assert start.text == (
        '{"block_count":4,"block_size":1000000,"carve_size":3500000,"carve_id":"guid","request_id":"request \\"é\\"",'
        '"node_key":"nk1"}'
    )
    assert sent.text == (
        '{"block_id":0,"session_id":"session 1","request_id":"request \\"\\u00e9\\"","data":"Y29udGVudA=="}'
    )


def test_a_block_that_the_server_has_counts_as_taken(fleet: Any, carver: TLS) -> None:
    session = carver.start(CARVE)
    carver.send(CARVE, session, block(0, b"a"))
    carver.send(CARVE, session, block(0, b"a"))
    with pytest.raises(RefusedError, match="400"):
        carver.send(CARVE, session, block(2, b"c"))
    fleet.talks = False
    with pytest.raises(RefusedError, match="400"):
        carver.send(CARVE, session, block(0, b"a"))
    fleet.answers["/carve/continue"].append((200, b'{"success":false}', {}))
    with pytest.raises(RefusedError, match="did not take block 1"):
        carver.send(CARVE, session, block(1, b"b"))


@pytest.mark.parametrize("answer", [b"", b"{}", b'{"session_id":7}', b'{"session_id":""}'])
def test_a_start_without_a_session_is_a_refusal(fleet: Any, carver: TLS, answer: bytes) -> None:
    fleet.answers["/carve/start"].append((200, answer, {}))
    with pytest.raises(RefusedError, match="holds no session_id"):
        carver.start(CARVE)


def test_that_the_server_does_not_know_this_machine_says_nothing_of_the_carve(
    fleet: Any, carver: TLS, surroundings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet.keys.clear()
    with pytest.raises(PluginError, match="Invalid node key") as caught:
        carver.start(CARVE)
    assert not isinstance(caught.value, RefusedError)
    assert surroundings.keys.invalidated == ["nk1"]

    def refuse() -> str:
        raise RefusedError("The server refused the enroll secret", 7)

    monkeypatch.setattr(surroundings.keys, "key", refuse)
    with pytest.raises(PluginError, match="enroll secret") as caught:
        carver.start(CARVE)
    assert not isinstance(caught.value, RefusedError)
    assert caught.value.retry_after == 7


@pytest.mark.parametrize("flag", ["carver_start_endpoint", "carver_continue_endpoint"])
def test_an_endpoint_that_is_missing_is_named(fleet: Any, carver: TLS, surroundings: Any, flag: str) -> None:
    surroundings.set(**{flag: ""})
    with pytest.raises(UnusableError, match=f"no endpoint is set \\(--{flag}\\)"):
        carver.start(CARVE)
    assert fleet.requests == []
