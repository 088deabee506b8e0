"""Old and new agents' bodies decode alike."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.wire import osquery_tls as wire

WRITE = msgspec.json.Decoder(wire.WriteRequest)


@pytest.mark.parametrize("raw", [b'""', b"[]", b"null", None])
def test_an_empty_result_has_no_rows(raw: bytes | None) -> None:
    assert wire.rows(raw) == []


def test_rows_keep_their_columns_in_order() -> None:
    assert [list(row) for row in wire.rows(b'[{"z":"1","a":"2"}]')] == [["z", "a"]]


@pytest.mark.parametrize("raw", [b'"text"', b'{"a":"1"}', b'[{"a":["1"]}]', b"[1]", b"7"])
def test_a_result_that_is_no_list_of_flat_rows_is_refused(raw: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        wire.rows(raw)


@pytest.mark.parametrize(
    ("sent", "meant"), [(0, 0), ("0", 0), (" 1 ", 1), ("", 0), (None, 0), (19, 19), (1.0, 1), ("bad", 1)]
)
def test_a_status_is_a_number_or_text(sent: float | str | None, meant: int) -> None:
    assert wire.status(sent) == meant


def test_members_may_be_missing_or_null() -> None:
    request = WRITE.decode(b'{"node_key":"k","queries":{"q":""},"statuses":{"q":"1"},"messages":null}')
    assert request.messages is None
    assert request.stats is None
    assert request.statuses == {"q": "1"}


def test_the_observed_body_decodes() -> None:
    body = (
        b'{"queries":{"bad":[],"q1":[{"pid":"1","name":"init"}]},"statuses":{"bad":1,"q1":0},'
        b'"messages":{"bad":"no such table: nosuch","q1":""},'
        b'"stats":{"bad":{"wall_time_ms":0,"user_time":0,"system_time":0,"memory":0}},"node_key":"nk1"}'
    )
    request = WRITE.decode(body)
    assert request.queries is not None
    assert wire.rows(request.queries["q1"]) == [{"pid": "1", "name": "init"}]
    assert request.node_key == "nk1"


@given(st.dictionaries(st.text(), st.text() | st.none() | st.integers(-(2**63), 2**63 - 1) | st.booleans()))
def test_any_flat_row_survives(row: wire.Row) -> None:
    assert wire.rows(msgspec.json.encode([row])) == [row]
