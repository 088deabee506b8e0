from __future__ import annotations

import time

import pytest


def test_a_moment_in_all_its_forms(answer) -> None:
    assert answer("SELECT *, date_time FROM time", clock=lambda: 1795500354.9)[0][:8] == (
        "Tuesday", 2026, 11, 24, 6, 5, 54, "UTC",
    )  # fmt: skip
    sql = "SELECT unix_time, timestamp, datetime, iso_8601, date_time FROM time"
    assert answer(sql, clock=lambda: 1795500354.9) == [
        (1795500354, "Tue Nov 24 06:05:54 2026 UTC", *["2026-11-24T06:05:54Z"] * 3)
    ]


def test_days_below_ten_are_padded_as_asctime_does(answer) -> None:
    assert answer("SELECT timestamp FROM time", clock=lambda: 0) == [("Thu Jan  1 00:00:00 1970 UTC",)]


def test_the_local_zone_is_that_of_the_machine(answer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "XYZ-3")
    time.tzset()
    try:
        assert answer("SELECT hour, timezone, local_timezone FROM time", clock=lambda: 0) == [(0, "UTC", "XYZ")]
    finally:
        monkeypatch.undo()
        time.tzset()


def test_it_is_now(answer) -> None:
    before = int(time.time())
    assert before <= answer("SELECT unix_time FROM time")[0][0] <= time.time()
