"""The configuration that the shell reads: the files that the flag ``config_path`` names."""

from __future__ import annotations

import glob
import json
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from leadline.flags import Flags


def documents(flags: Flags) -> Iterator[dict[str, Any]]:
    """The configuration file, when there is one, then those of the directory beside it, in the order of their names.

    Raises OSError and ValueError.
    """
    path = flags.text("config_path")
    for source in [path, *sorted(glob.glob(f"{path.removesuffix('.conf')}.d/*.conf"))]:
        if source != path or os.path.exists(path):
            yield read(source)


def read(path: str) -> dict[str, Any]:
    """A JSON document that may have comments and backslashes at line ends, as osquery's may.

    Raises OSError and ValueError.
    """
    with open(path, encoding="utf-8") as stream:
        text = stream.read()
    document = json.loads(uncommented(text))
    if not isinstance(document, dict):
        raise ValueError(f"{path} is not a JSON object")
    return document


def uncommented(text: str) -> str:
    """The text without the lines that are comments: those that start with ``#`` or ``//``."""
    lines = text.replace("\\\n", "").split("\n")
    return "\n".join(line for line in lines if not line.strip().startswith(("#", "//")))
