"""A machine with one user, in whose home the tests plant what applications leave there."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

PASSWD = "ada:x:1000:1000:Ada:/home/ada:/bin/sh\n"


@pytest.fixture
def home(tree: Callable[[dict[str, str | bytes]], str]) -> Callable[[dict[str, Any]], str]:
    """``home({".vscode/…": content})``: a root whose user ada has these files; what is no text is written as JSON."""

    def plant(contents: dict[str, Any]) -> str:
        files = {
            f"home/ada/{name}": content if isinstance(content, (str, bytes)) else json.dumps(content)
            for name, content in contents.items()
        }
        return tree({"etc/passwd": PASSWD, **files})

    return plant
