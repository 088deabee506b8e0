"""The declarations by subject, for pages and ``--help``."""

from __future__ import annotations

import sys
from typing import NamedTuple

from leadline.flags.declared import SUBJECTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = {
    "flag": "FLAG",
    "cli": "CLI_FLAG",
    "hidden": "HIDDEN_FLAG",
    "shell": "SHELL_FLAG",
    "library": "LIBRARY_FLAG",
}


class Flag(NamedTuple):
    """One declaration; ``kind`` is one of osquery's names in KINDS."""

    name: str
    kind: str
    type: str
    default: str
    description: str


def subjects() -> Iterator[tuple[str, list[Flag]]]:
    """Each subject's heading and flags, in the order of the declarations."""
    for subject, heading in SUBJECTS.items():
        module = f"leadline.flags.declared.{subject}"
        __import__(module)
        flags = [Flag(name, KINDS[kind], *rest) for name, kind, *rest in sys.modules[module].FLAGS]
        yield heading, flags
