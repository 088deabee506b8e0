"""Small rules: states, clipping, passwords, rates, addresses, times."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.server import clock, rate, settings
from leadline.server.checkin.distributed import preferred_wait
from leadline.server.checkin.registry import UNKNOWN_MAX, Registry
from leadline.server.domain import hosts, live, passwords
from leadline.server.errors import SetupError
from leadline.server.rest.authentication import same_origin

ROWS = st.lists(st.dictionaries(st.text(max_size=3), st.text(max_size=20), max_size=3), max_size=30)


@given(ROWS, st.integers(0, 40), st.integers(2, 600))
def test_clipped_rows_are_the_first_ones_and_keep_both_limits(
    rows: list[dict[str, str]], most_rows: int, most_bytes: int
) -> None:
    encoded, kept, truncated = live.clip(rows, most_rows, most_bytes)
    assert len(encoded) <= most_bytes
    assert msgspec.json.decode(encoded) == rows[:kept]
    assert kept <= most_rows
    assert truncated == (kept < len(rows))


def test_a_password_fits_only_itself() -> None:
    stored = passwords.digest("correct horse")
    assert stored.startswith("$argon2id$")
    assert passwords.verify(stored, "correct horse")
    assert not passwords.verify(stored, "correct horsf")
    assert not passwords.verify(None, "")
    assert not passwords.verify(stored, "x" * 300)
    assert not passwords.verify("damaged", "x")


def test_a_bucket_empties_and_fills() -> None:
    buckets = rate.Buckets(per_minute=60, burst=2)
    for _ in range(2):
        assert buckets.wait("a", 0) == 0
        buckets.take("a", 0)
    assert buckets.wait("a", 0) == 1
    assert buckets.wait("b", 0) == 0
    assert buckets.wait("a", 1000) == 0
    assert buckets.wait("a", 10_000_000) == 0


def test_buckets_forget_the_least_guilty_first() -> None:
    buckets = rate.Buckets(per_minute=1, burst=3)
    for _ in range(3):
        buckets.take("guilty", 0)
    for number in range(rate.KEYS + 100):
        buckets.take(str(number), 0)
    assert buckets.wait("guilty", 0) > 0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (b"wait=5", 5), (b"respond-async, wait=5", 5), (b'Wait = "7"', 7), (b"wait=99999999999", 60), (b"wait=0", 0),
        (b"wait=-1", None), (b"wait", None), (b"", None), (b"return=minimal", None), (b"wait=\xb2", None),
    ],
)  # fmt: skip
def test_the_preferred_wait_is_read_as_rfc_7240_writes_it(header: bytes, seconds: int | None) -> None:
    assert preferred_wait(header, 60) == seconds


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("127.0.0.1:8412", ("127.0.0.1", 8412)), ("[::1]:0", ("::1", 0)), (":80", ("0.0.0.0", 80)),
        ("localhost:1", ("localhost", 1)),
    ],
)  # fmt: skip
def test_addresses_are_taken_apart(text: str, meant: tuple[str, int]) -> None:
    assert settings.address(text) == meant


@pytest.mark.parametrize("text", ["", "localhost", "host:", "host:x", "host:70000", "host:-1", "host:²"])
def test_what_is_no_address_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(SetupError, match="HOST:PORT"):
        settings.address(text)


def test_times_are_written_as_iso_8601() -> None:
    assert clock.iso(1_795_500_354_000) == "2026-11-24T06:05:54Z"
    assert clock.iso(1_795_500_354_078) == "2026-11-24T06:05:54.078Z"
    assert clock.iso(None) is None


def test_a_host_is_online_for_its_interval_and_a_minute() -> None:
    assert hosts.is_online(0, 10, 70_000)
    assert not hosts.is_online(0, 10, 70_001)
    assert hosts.check_in_interval(10, 0) == hosts.check_in_interval(0, 0) == 10
    assert hosts.check_in_interval(60, 30) == 30


@pytest.mark.parametrize(
    ("origin", "host", "same"),
    [
        ("https://a:1", "a:1", True), ("https://A:1", "a:1", True), ("https://a", "a:1", False), ("null", "a", False),
        ("https://a.evil", "a", False), ("", "", False), ("ftp://a", "a", False), ("https://a@b", "b", False),
    ],
)  # fmt: skip
def test_the_same_origin_is_exactly_that(origin: str, host: str, same: bool) -> None:
    assert same_origin(origin, host) is same


def test_details_are_spread_over_a_tenth_of_their_interval() -> None:
    registry = Registry(3600)
    periods = {registry.detail_period(number) for number in range(1, 1000)}
    assert min(periods) >= 3_600_000
    assert max(periods) <= 3_960_000
    assert len(periods) > 500


def test_unknown_keys_are_remembered_for_a_moment_and_within_bounds() -> None:
    registry = Registry(3600)
    registry.note_unknown(b"k", 0)
    assert registry.is_unknown(b"k", 4_999)
    assert not registry.is_unknown(b"k", 5_000)
    for number in range(UNKNOWN_MAX * 2):
        registry.note_unknown(str(number).encode(), 0)
    assert len(registry._unknown) <= UNKNOWN_MAX
