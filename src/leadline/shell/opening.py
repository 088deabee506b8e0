"""Opens the shell's engine as the flags say."""

from __future__ import annotations

import os

from leadline.catalogue import opening
from leadline.catalogue.selection import selected
from leadline.shell.runtime import ShellRuntime
from leadline.sql.engine import Attachments

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.flags import Flags
    from leadline.shell.extensions import Extensions
    from leadline.sql.engine import Engine

CONFIGURATION = "/etc/osquery/osquery.conf"
"""What ``config_path`` is declared with: to ask the flag would cost an import at every start."""


def open_engine(flags: Flags, extensions: Extensions | None = None) -> Engine:
    """An engine under ``--root`` that warns on standard error, with the tables of extensions and files."""

    def warn(table: str, message: str) -> None:
        from leadline.shell import status

        status.warn(flags, table, message)

    def log(severity: int, message: str) -> None:
        from leadline.shell import status

        status.log(flags, severity, message)

    runtime = ShellRuntime(flags, extensions)
    attachments = extensions.attachments if extensions else None
    if flags.given("config_path") or os.path.exists(CONFIGURATION):
        from leadline.shell.configuration import attach

        attachments = attachments or Attachments()
        attach(flags, attachments, lambda sentence: log(1, sentence))
    return opening.open_engine(flags, runtime, warn, log, flags.text("root"), attachments)


def table_names(flags: Flags, extensions: Extensions | None = None) -> list[str]:
    """The names that ``.tables`` lists."""
    attached = extensions.attachments.tables.items() if extensions else ()
    return sorted({*selected(flags)[0], *(name for name, table in attached if name == table.name)})
