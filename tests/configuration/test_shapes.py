from __future__ import annotations

from typing import Any

import pytest

from leadline.configuration.shapes import SECTIONS, mend


def mended(document: dict[str, Any], *, top: bool = True) -> tuple[dict[str, Any], list[str]]:
    found: list[str] = []
    mend(document, lambda path, sentence: found.append(sentence), top=top)
    return document, found


@pytest.mark.parametrize("key", sorted(SECTIONS))
def test_a_section_of_the_wrong_type_is_left_out(key: str) -> None:
    document, problems = mended({key: "x", "other": 1})
    assert document == {"other": 1}
    assert problems == [f"Error config {key} should be an array or object"]
    assert mended({key: None}) == ({}, [])
    assert mended({key: {} if key != "file_accesses" else []})[1] == []


@pytest.mark.parametrize("key", sorted(set(SECTIONS) - {"file_accesses"}))
def test_an_array_in_the_place_of_an_object_is_left_out(key: str) -> None:
    assert mended({key: []}) == ({}, [f"Error config {key} should be an object"])


def test_members_of_the_wrong_type_are_left_out_and_the_others_stay() -> None:
    document, problems = mended(
        {
            "file_paths": {"etc": ["/etc/%%", 7], "home": "/home"},
            "decorators": {"load": ["SELECT 1"], "interval": {"60": "SELECT 2", "120": []}},
            "views": {"v": "SELECT 1", "w": 3},
            "events": {"disable_subscribers": ["user_events"], "enable_subscribers": True},
            "prometheus_targets": {"urls": ["http://x"], "timeout": "1"},
        }
    )
    assert document == {
        "file_paths": {"etc": ["/etc/%%"]},
        "decorators": {"load": ["SELECT 1"], "interval": {"120": []}},
        "views": {"v": "SELECT 1"},
        "events": {"disable_subscribers": ["user_events"]},
        "prometheus_targets": {"urls": ["http://x"]},
    }
    assert sorted(problems) == [
        "Error config decorators.interval.60 should be an array of strings",
        "Error config events.enable_subscribers should be an array of strings",
        "Error config file_paths.etc[1] should be a string",
        "Error config file_paths.home should be an array of strings",
        "Error config prometheus_targets.timeout should be a number",
        "Error config views.w should be a string",
    ]


def test_a_slip_in_the_name_of_a_section_is_noticed_and_what_others_mean_is_not() -> None:
    assert mended({"decorator": {}, "Schedule": {}, "etag": "x", "node_invalid": False})[1] == [
        "The key Schedule has no meaning: did you mean schedule?",
        "The key decorator has no meaning: did you mean decorators?",
    ]


def test_the_queries_of_a_pack_are_no_section() -> None:
    pack = {"platform": "linux", "queries": {}, "schedule": 1, "file_paths": {"a": 1}}
    assert mended(pack, top=False) == (
        {"platform": "linux", "queries": {}, "schedule": 1, "file_paths": {}},
        ["Error config file_paths.a should be an array of strings"],
    )
