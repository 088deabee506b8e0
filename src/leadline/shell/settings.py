"""What the shell's flags and meta commands set, and the choice of an output mode by it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from leadline.flags import Flags
    from leadline.shell.formats import Rows

MODES = ("column", "csv", "line", "list", "pretty")
LONGEST = 19  # bytes of a separator or null text that osquery's buffers hold


class Settings:
    """The state of one shell session."""

    __slots__ = (
        "bail", "echo", "header", "json", "mode", "null", "null_flag", "separator", "timer", "typed", "widths",
    )  # fmt: skip

    def __init__(self, flags: Flags) -> None:
        self.bail = False
        self.echo = False
        self.timer = False
        self.widths: list[int] = []
        self.header = flags.on("header")
        self.mode = next((mode for mode in ("list", "line", "csv") if flags.on(mode)), "pretty")
        self.separator = cut(flags.text("separator"))
        self.null_flag = flags.text("nullvalue") if flags.given("nullvalue") else ""
        """Printed for NULL by pretty and JSON output, which ``.nullvalue`` does not change."""
        self.null = cut(self.null_flag)
        self.typed = flags.on("typed")
        self.json = "pretty" if flags.on("json_pretty") else "json" if flags.on("json") or self.typed else ""


def cut(text: str) -> str:
    """What osquery keeps of a separator or null text."""
    return text.encode("utf-8", "surrogateescape")[:LONGEST].decode("utf-8", "ignore")


def render(settings: Settings, results: Iterable[Rows], *, terminal: bool) -> Iterator[str]:
    """The pieces of text that the current mode prints for results; they come as the rows do where the mode allows."""
    if settings.mode == "pretty":
        if settings.json:
            from leadline.shell.formats import json

            writer = json.pretty if settings.json == "pretty" else json.document
            return writer(results, settings.null_flag, numbers=settings.typed)
        from leadline.shell.formats import pretty

        return pretty.table(results, settings.null_flag, shown(terminal))
    return each(settings, results, terminal=terminal)


def shown(terminal: bool) -> Callable[[str], str] | None:
    """What makes cells fit for a terminal; None when they are written as they are."""
    if not terminal:
        return None
    from leadline.shell.formats.cells import visible

    return visible


def each(settings: Settings, results: Iterable[Rows], *, terminal: bool) -> Iterator[str]:
    """The modes that print statement by statement."""
    header, null, show = settings.header, settings.null, shown(terminal)
    for result in results:
        if settings.mode == "csv":
            from leadline.shell.formats.delimited import csv

            yield from csv(result, settings.separator, header=header, null=null)
        elif settings.mode == "list":
            from leadline.shell.formats.delimited import plain

            yield from plain(result, settings.separator, header=header, null=null, show=show)
        elif settings.mode == "line":
            from leadline.shell.formats.line import lines

            yield from lines(result, null=null, show=show)
        else:
            from leadline.shell.formats.column import columns

            yield from columns(result, settings.widths, header=header, null=null, show=show)
