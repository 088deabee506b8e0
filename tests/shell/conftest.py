"""Runs the shell program."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest


class Ran(NamedTuple):
    out: str
    err: str
    code: int


@pytest.fixture
def shell(tmp_path) -> Callable[..., Ran]:
    """The real program: ``shell(*arguments, script=...)`` gives what it printed and its exit code."""

    def run(*arguments: str, script: str | bytes = "", name: str = "") -> Ran:
        data = script.encode() if isinstance(script, str) else script
        command = [sys.executable, "-m", "leadline", "shell", *arguments]
        if name:
            code = f"import sys; sys.argv[0] = {name!r}; from leadline.__main__ import main; sys.exit(main())"
            command = [sys.executable, "-c", code, *arguments]
        environment = {**os.environ, "HOME": str(tmp_path)}
        done = subprocess.run(command, input=data, capture_output=True, timeout=60, check=False, env=environment)
        return Ran(done.stdout.decode(), done.stderr.decode(), done.returncode)

    return run
