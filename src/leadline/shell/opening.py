"""Opens the shell's engine as the flags say."""

from __future__ import annotations

from leadline.catalogue import opening
from leadline.catalogue.selection import selected
from leadline.shell.runtime import ShellRuntime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.flags import Flags
    from leadline.sql.engine import Engine


def open_engine(flags: Flags) -> Engine:
    """An engine under ``--root`` that warns on standard error."""

    def warn(table: str, message: str) -> None:
        from leadline.shell import status

        status.warn(flags, table, message)

    def log(severity: int, message: str) -> None:
        from leadline.shell import status

        status.log(flags, severity, message)

    return opening.open_engine(flags, ShellRuntime(flags), warn, log, flags.text("root"))


def table_names(flags: Flags) -> list[str]:
    """The names that ``.tables`` lists."""
    return sorted(selected(flags)[0])
