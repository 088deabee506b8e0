"""Opens the shell's engine as the flags say."""

from __future__ import annotations

from leadline.catalogue.selection import selected
from leadline.shell.runtime import ShellRuntime
from leadline.sql.engine import Engine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.flags import Flags


def open_engine(flags: Flags) -> Engine:
    """An engine with the tables that ``--enable_tables`` and ``--disable_tables`` leave, under ``--root``."""
    tables, aliases = selected(flags)

    def warn(table: str, message: str) -> None:
        from leadline.shell import status

        status.warn(flags, table, message)

    def log(severity: int, message: str) -> None:
        from leadline.shell import status

        status.log(flags, severity, message)

    return Engine(
        root=flags.text("root"),
        runtime=ShellRuntime(flags),
        warn=warn,
        log=log,
        tables=tables,
        aliases=aliases,
    )


def table_names(flags: Flags) -> list[str]:
    """The names that ``.tables`` lists."""
    return sorted(selected(flags)[0])
