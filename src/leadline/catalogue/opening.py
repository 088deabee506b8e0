"""Opens SQL engines as the flags say, for shell and agent alike."""

from __future__ import annotations

from leadline.catalogue.selection import selected
from leadline.linux import usage
from leadline.sql.engine import Engine
from leadline.sql.functions import REGEX_MAX_SIZE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from leadline.flags import Flags
    from leadline.sql.engine import Attachments
    from leadline.sql.schema import Runtime

# The values the flags are declared with. Asking for a flag that nobody gave costs an import at every start.
_SECONDS = 600
_MEBIBYTES = 512


def open_engine(
    flags: Flags,
    runtime: Runtime,
    warn: Callable[[str, str], None],
    log: Callable[[int, str], None],
    root: str = "",
    attachments: Attachments | None = None,
) -> Engine:
    """An engine for the calling thread, with the tables and the limits that the flags leave."""
    tables, aliases = selected(flags)

    def number(flag: str, default: int) -> int:
        return flags.number(flag) if flags.given(flag) else default

    return Engine(
        root=root,
        runtime=runtime,
        warn=warn,
        log=log,
        tables=tables,
        aliases=aliases,
        attachments=attachments,
        strict=flags.given("ignore_table_exceptions") and not flags.on("ignore_table_exceptions"),
        timeout=number("statement_timeout", _SECONDS) or None,
        read=usage.read,
        memory=usage.resident,
        memory_limit=number("statement_memory", _MEBIBYTES) << 20,
        regex_max_size=number("regex_max_size", REGEX_MAX_SIZE),
    )
