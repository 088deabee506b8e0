"""The text of ``--help``: every flag that is not hidden, by subject."""

from __future__ import annotations

from leadline.flags.describe import Flag, subjects

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

WIDTH = 46  # column at which descriptions start


def listing(left_out: Sequence[str] = ()) -> Iterator[str]:
    """The lines of all kinds of flags but those left out: a daemon leaves out SHELL_FLAG."""
    for heading, flags in subjects():
        lines = [line(flag) for flag in flags if flag.kind != "HIDDEN_FLAG" and flag.kind not in left_out]
        if lines:
            yield f"{heading}:\n"
            yield from lines
            yield "\n"


def line(flag: Flag) -> str:
    """The line of one flag, with its default where that says something."""
    dash = "-" if len(flag.name) == 1 else "--"
    form = f"  {dash}{flag.name}" + ("" if flag.type == "bool" else f"={flag.type.upper()}")
    tail = "" if flag.default in ("", "false", "0") else f" [{flag.default}]"
    return f"{form:<{WIDTH}}{'' if len(form) < WIDTH else ' '}{flag.description}{tail}\n"
