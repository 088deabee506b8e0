"""The shell with extensions, and connected to another program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Start = Callable[..., Any]

COUNTING = """
from leadline.extensions import INTEGER, TEXT, Column, run, table

@table("counting", Column("number", INTEGER, "A number."), Column("word", TEXT, "Its name."))
def counting(query):
    yield from enumerate(("none", "one", "two"))

if __name__ == "__main__":
    run("counting", "1.0.0", counting)
"""


@pytest.fixture
def shell(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(*arguments: str, script: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "leadline", "shell", *arguments], input=script, capture_output=True, text=True,
            timeout=60, check=False, env={**os.environ, "HOME": str(tmp_path)},
        )  # fmt: skip

    return run


def test_an_extension_is_loaded_for_one_statement(shell: Start, program: Start, tmp_path: Path) -> None:
    path = program("counting.ext", COUNTING)
    ran = shell("--json", "--extension", str(path), "SELECT word, typeof(number) AS t FROM counting WHERE number = 2")
    assert (json.loads(ran.stdout), ran.returncode, ran.stderr) == ([{"word": "two", "t": "integer"}], 0, "")
    assert os.listdir(tmp_path / ".osquery") == []
    found = shell(
        "--json", "--extension", str(path), "SELECT name, type, extensions FROM osquery_extensions, osquery_info"
    )
    assert [(row["name"], row["extensions"]) for row in json.loads(found.stdout)] == [
        ("core", "active"), ("counting", "active"),
    ]  # fmt: skip


def test_meta_commands_know_the_extension(shell: Start, program: Start, tmp_path: Path) -> None:
    path = program("counting.ext", COUNTING)
    ran = shell("--extension", str(path), script=".tables counti\n.schema counting\n.socket\n.all counting\n")
    assert ran.stdout.splitlines()[:3] == [
        "  => counting",
        "CREATE TABLE counting(`number` INTEGER, `word` TEXT, PRIMARY KEY (`number`, `word`)) WITHOUT ROWID;",
        f"{tmp_path}/.osquery/shell.em",
    ]
    assert "| 2      | two  |" in ran.stdout


def test_an_extension_that_does_not_register_is_an_error(shell: Start, program: Start) -> None:
    silent = program("silent.ext", "import time; time.sleep(60)")
    ran = shell("--extension", str(silent), "--extensions_timeout=1", "SELECT 1")
    assert (ran.stdout, ran.returncode) == ("", 1)
    assert ran.stderr == f"Error: The extension {silent} did not register within 1 s\n"
    broken = program("broken.ext", "raise SystemExit(3)")
    ran = shell("--extension", str(broken), "SELECT 1")
    assert ran.returncode == 1
    assert f"Cannot load the extension {broken}: it ended without registering" in ran.stderr


def test_statements_go_to_another_program(shell: Start, daemon: Start) -> None:
    running = daemon()
    running.until(lambda: os.path.exists(running.socket))
    ran = shell("--json", "--connect", running.socket, "SELECT pid, uuid = '' AS same FROM osquery_info")
    assert json.loads(ran.stdout) == [{"pid": str(running.process.pid), "same": "0"}]
    wrong = shell("--connect", running.socket, "SELECT bogus")
    assert (wrong.stdout, wrong.stderr, wrong.returncode) == ("", "Error: no such column: bogus\n", 1)
    script = f"""
.connect {running.socket}
.connect {running.socket}
.mode list
SELECT pid FROM osquery_info;
.types SELECT pid FROM osquery_info;
.socket
.tables osquery_inf
.disconnect
.disconnect
SELECT count(*) AS n FROM osquery_info WHERE pid = {running.process.pid};
"""
    ran = shell("--extensions_socket=/run/x.em", "--disable_extensions", script=script)
    assert ran.stdout.splitlines() == [
        f"Connected to extension socket {running.socket} for debugging", "pid", str(running.process.pid),
        "name|type", "pid|INTEGER", f"/run/x.em (connected to {running.socket})", "  => osquery_info",
        f"Disconnected from extension socket {running.socket}", "n", "0",
    ]  # fmt: skip
    assert ran.stderr.splitlines() == [
        "Error: Please disconnect from the current socket", "Error: Not connected to a socket",
    ]  # fmt: skip


def test_an_agent_that_ends_is_said(shell: Start, daemon: Start) -> None:
    running = daemon()
    running.until(lambda: os.path.exists(running.socket))
    assert running.stop() == 0
    ran = shell("--connect", running.socket, "SELECT 1")
    assert ran.returncode == 1
    assert ran.stderr == f"Error: Cannot connect to {running.socket}: No such file or directory\n"
