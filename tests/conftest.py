"""Programs of the system, as makers of what is read and as oracles."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable

import pytest

Tool = Callable[..., str]


@pytest.fixture
def tool() -> Tool:
    """``tool("blkid", "-p", path, input="")``: what a program prints; the test is skipped where it is not installed."""

    def run(name: str, *arguments: object, input: str | None = None) -> str:
        program = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
        if program is None:
            pytest.skip(f"{name} is not installed")
        command = [program, *map(str, arguments)]
        done = subprocess.run(
            command, input=input, capture_output=True, text=True, errors="surrogateescape", check=False
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout

    return run
