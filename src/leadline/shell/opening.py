"""Opens the shell's engine as the flags say."""

from __future__ import annotations

from leadline.shell.runtime import ShellRuntime
from leadline.shell.status import ERROR, INFO, WARNING, Status
from leadline.sql.engine import Engine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.flags import Flags


def open_engine(flags: Flags) -> Engine:
    """An engine with the tables that ``--enable_tables`` and ``--disable_tables`` leave, under ``--root``."""
    status = Status(least(flags))
    tables, aliases = selection(flags)
    return Engine(
        root=flags.text("root"),
        runtime=ShellRuntime(flags),
        warn=status.warn,
        log=status.log,
        tables=tables,
        aliases=aliases,
    )


def least(flags: Flags) -> int:
    """The least severity that the shell shows on standard error."""
    if flags.given("logger_stderr") and not flags.on("logger_stderr"):
        return ERROR + 1
    severity = INFO if flags.given("verbose") and flags.on("verbose") else WARNING
    for name in ("logger_min_stderr", "minloglevel"):
        if flags.given(name):
            severity = max(severity, flags.number(name))
    return severity


def selection(flags: Flags) -> tuple[dict[str, str], dict[str, str]]:
    """Table names with their modules, and aliases with their tables."""
    from leadline.catalogue.index import ALIASES, TABLES

    if not (flags.given("enable_tables") or flags.given("disable_tables")):
        return TABLES, ALIASES
    enabled, disabled = (
        {name for name in flags.text(flag).split(",") if name} for flag in ("enable_tables", "disable_tables")
    )
    tables = {
        name: module for name, module in TABLES.items() if name not in disabled and (not enabled or name in enabled)
    }
    return tables, {alias: name for alias, name in ALIASES.items() if name in tables}


def table_names(flags: Flags) -> list[str]:
    """The names that ``.tables`` lists."""
    return sorted(selection(flags)[0])
