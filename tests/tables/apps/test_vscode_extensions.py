"""Extensions of Visual Studio Code and its relatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Home = Callable[[dict[str, Any]], str]
Ask = Callable[..., list[dict[str, Any]]]

EXTENSION = {
    "identifier": {"id": "ms-python.python", "uuid": "f1f59ae4-9318-4f3c-a9b5-81b2eaa5f8a5"},
    "version": "2024.2.1",
    "location": {"$mid": 1, "path": "/home/ada/.vscode/extensions/ms-python.python-2024.2.1", "scheme": "file"},
    "relativeLocation": "ms-python.python-2024.2.1",
    "metadata": {
        "id": "f1f59ae4-9318-4f3c-a9b5-81b2eaa5f8a5",
        "publisherId": "998b010b-e2af-44a5-a6cd-0b5fd3b9b6f8",
        "publisherDisplayName": "Microsoft",
        "isPreReleaseVersion": False,
        "installedTimestamp": 1709550000123,
    },
}


def test_an_extension_is_told_in_full(home: Home, ask: Ask) -> None:
    root = home({".vscode/extensions/extensions.json": [EXTENSION]})
    assert ask("SELECT * FROM vscode_extensions", root) == [
        {
            "name": "ms-python.python",
            "uuid": "f1f59ae4-9318-4f3c-a9b5-81b2eaa5f8a5",
            "version": "2024.2.1",
            "path": "/home/ada/.vscode/extensions/ms-python.python-2024.2.1",
            "publisher": "Microsoft",
            "publisher_id": "998b010b-e2af-44a5-a6cd-0b5fd3b9b6f8",
            "installed_at": 1709550000123,
            "prerelease": 0,
            "uid": 1000,
            "vscode_edition": "vscode",
        }
    ]


@pytest.mark.parametrize(
    ("folder", "edition"),
    [
        (".vscode-server", "vscode"),
        (".vscode-insiders", "vscode_insiders"),
        (".vscode-server-insiders", "vscode_insiders"),
        (".vscode-oss", "vscodium"),
        (".vscodium-server", "vscodium"),
        (".vscodium-insiders", "vscodium_insiders"),
        (".cursor", "cursor"),
        (".windsurf-server", "windsurf"),
        (".devin", "windsurf"),
        (".trae", "trae"),
    ],
)
def test_every_editor_has_its_place(home: Home, ask: Ask, folder: str, edition: str) -> None:
    root = home({f"{folder}/extensions/extensions.json": [EXTENSION]})
    assert ask("SELECT vscode_edition FROM vscode_extensions", root) == [{"vscode_edition": edition}]


def test_an_entry_without_its_parts_is_passed_over(home: Home, ask: Ask) -> None:
    entries = [{}, {**EXTENSION, "metadata": None}, "x", None, [], EXTENSION]
    assert len(ask("SELECT * FROM vscode_extensions", home({".vscode/extensions/extensions.json": entries}))) == 1


VALUES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers()) | st.just("\ud800")
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(VALUES)
def test_whatever_the_members_are_the_table_answers(home: Home, ask: Ask, value: Any) -> None:
    parts = {name: dict.fromkeys(part, value) for name, part in EXTENSION.items() if isinstance(part, dict)}
    entry = {**parts, "version": value}
    [row] = ask("SELECT * FROM vscode_extensions", home({".vscode/extensions/extensions.json": [entry, value]}))
    assert row["uid"] == 1000


@pytest.mark.parametrize("data", [b"", b"{}", b"[" * 100_000, b"[1e999999]", b"[" + b"9" * 5000 + b"]", b"\xc3"])
def test_a_broken_file_has_no_extensions(home: Home, ask: Ask, data: bytes) -> None:
    assert ask("SELECT * FROM vscode_extensions", home({".vscode/extensions/extensions.json": data})) == []
