"""Add-ons in Firefox's profiles."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Home = Callable[[dict[str, Any]], str]
Ask = Callable[..., list[dict[str, Any]]]

ADDON = {
    "id": "counter@example.org",
    "version": "1.4",
    "type": "extension",
    "location": "app-profile",
    "defaultLocale": {"name": "Counter", "description": "Counts", "creator": "Ada", "locales": None},
    "sourceURI": "https://addons.example.org/counter.xpi",
    "visible": True,
    "active": False,
    "userDisabled": True,
    "appDisabled": False,
    "applyBackgroundUpdates": 1,
    "path": "/home/ada/.mozilla/firefox/abc.default/extensions/counter@example.org.xpi",
}


def test_an_addon_is_told_in_full(home: Home, ask: Ask) -> None:
    root = home({".mozilla/firefox/abc.default/extensions.json": {"schemaVersion": 35, "addons": [ADDON]}})
    assert ask("SELECT * FROM firefox_addons", root) == [
        {
            "uid": 1000,
            "name": "Counter",
            "identifier": "counter@example.org",
            "creator": "Ada",
            "type": "extension",
            "version": "1.4",
            "description": "Counts",
            "source_url": "https://addons.example.org/counter.xpi",
            "visible": 1,
            "active": 0,
            "disabled": 1,
            "autoupdate": 1,
            "location": "app-profile",
            "path": ADDON["path"],
        }
    ]


@pytest.mark.parametrize(
    "place",
    [
        ".mozilla/firefox",
        "snap/firefox/common/.mozilla/firefox",
        ".config/mozilla/firefox",
        ".var/app/org.mozilla.firefox/.mozilla/firefox",
    ],
)
def test_profiles_lie_in_several_places(home: Home, ask: Ask, place: str) -> None:
    root = home({f"{place}/x.default-release/extensions.json": {"addons": [ADDON, ADDON]}})
    assert len(ask("SELECT * FROM firefox_addons", root)) == 2


def test_crash_reports_are_no_profile(home: Home, ask: Ask) -> None:
    root = home({".mozilla/firefox/Crash Reports/extensions.json": {"addons": [ADDON]}})
    assert ask("SELECT * FROM firefox_addons", root) == []


def test_what_is_missing_is_null_and_what_is_null_is_said(home: Home, ask: Ask) -> None:
    addon = {"id": "x", "sourceURI": None, "defaultLocale": {"name": {"a": 1}}}
    root = home({".mozilla/firefox/a/extensions.json": {"addons": [addon]}})
    [row] = ask("SELECT * FROM firefox_addons", root)
    assert row["source_url"] == "null"
    assert (row["identifier"], row["disabled"], row["uid"]) == ("x", 0, 1000)
    assert all(row[name] is None for name in ("name", "creator", "version", "visible", "active", "autoupdate", "path"))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.just("\ud800\0"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*ADDON, "addons"]), inner),
    max_leaves=10,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(VALUES)
def test_whatever_the_document_holds_the_table_answers(home: Home, ask: Ask, value: Any) -> None:
    changed = [{**ADDON, name: value} for name in ADDON]
    other = json.dumps(value)
    profiles = ".mozilla/firefox"
    root = home(
        {f"{profiles}/a/extensions.json": {"addons": [value, *changed]}, f"{profiles}/b/extensions.json": other}
    )
    assert len(ask("SELECT * FROM firefox_addons", root)) >= len(ADDON)


@pytest.mark.parametrize("data", [b"", b"[" * 100_000, b'{"addons": [{}', b"\xff\xfe{}", b"\0" * 100])
def test_a_broken_file_has_no_addons(home: Home, ask: Ask, data: bytes) -> None:
    assert ask("SELECT * FROM firefox_addons", home({".mozilla/firefox/a/extensions.json": data})) == []
