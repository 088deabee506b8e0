"""Homes with what users keep in them, and processes that see other homes."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PASSWD = """\
root:x:0:0:root:/root:/bin/bash
cod:x:1001:1001::/home/cod:/bin/bash
eel:x:1002:1002::/home/eel/:/bin/zsh
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
"""

Plant = Callable[[dict[str, str | bytes]], str]


@pytest.fixture
def homes(tree: Plant) -> Plant:
    """``homes({"home/cod/.ssh/config": "..."})``: a root with the users root, cod (1001) and eel (1002)."""

    def plant(contents: dict[str, str | bytes]) -> str:
        return tree({"etc/passwd": PASSWD, "home/cod/": b"", "home/eel/": b"", **contents})

    return plant


@pytest.fixture
def seeing() -> Iterator[Callable[..., int]]:
    """``seeing(root, "home", "etc/passwd")``: a process for which these lie over the machine's own."""
    if os.geteuid() != 0:
        pytest.skip("only root may make a mount namespace")
    children = []

    def start(root: str, *names: str) -> int:
        mounts = " && ".join(f"mount --bind '{Path(root, name)}' '/{name}'" for name in names)
        command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", f"{mounts} && echo && read line"]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        children.append(child)
        assert child.stdout
        assert child.stdout.readline() == b"\n"
        return child.pid

    yield start
    for child in children:
        child.communicate(b"\n")
