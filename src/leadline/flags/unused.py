"""Flags that osquery has on Linux and that mean nothing here, each with the reason.

A module of declarations names its own in ``UNUSED``, a mapping from name to a reason that completes "has no effect: ".
Whoever uses such a flag is told once, at the start.
"""

from __future__ import annotations

import sys

from leadline.flags.declared import SUBJECTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadline.flags import Flags


def reasons() -> dict[str, str]:
    """Every flag without a meaning here, and why."""
    found: dict[str, str] = {}
    for subject in SUBJECTS:
        module = f"leadline.flags.declared.{subject}"
        __import__(module)
        found.update(getattr(sys.modules[module], "UNUSED", {}))
    return found


def warnings(flags: Flags) -> Iterator[str]:
    """A sentence for each flag that somebody has set to no effect, by name."""
    for name, reason in sorted(reasons().items()):
        if flags.given(name):
            yield f"The flag --{name} ({flags.origin(name)}) has no effect: {reason}"
