"""``--help`` and ``--version``."""

from __future__ import annotations

from leadline.shell.texts import USAGE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def version(program: str) -> str:
    """The line of ``--version``: osquery's form, since programs read it, when started under osquery's name."""
    from leadline import OSQUERY_VERSION, __version__

    if "osquery" in program:
        return f"{program.rsplit('/', 1)[-1]} version {OSQUERY_VERSION}\n"
    return f"{program} version {__version__} (osquery {OSQUERY_VERSION})\n"


def usage(program: str) -> Iterator[str]:
    """The text of ``--help``: the shell's flags first, then every other subject."""
    from leadline.flags.help import listing

    yield USAGE.format(program=program)
    yield from listing()
