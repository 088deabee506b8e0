"""Which tables an engine gets, after the flags that switch tables off and on."""

from __future__ import annotations

from leadline.catalogue.index import ALIASES, TABLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.flags import Flags


def selected(flags: Flags) -> tuple[dict[str, str], dict[str, str]]:
    """Table names with their modules, and aliases with their tables.

    A name on the comma list ``disable_tables`` is left out, and so is every name that is not on ``enable_tables`` when
    that is not empty.
    """
    enable, disable = flags.text("enable_tables"), flags.text("disable_tables")
    if not enable and not disable:
        return TABLES, ALIASES
    enabled, disabled = ({name.strip() for name in text.split(",")} - {""} for text in (enable, disable))
    tables = {
        name: module for name, module in TABLES.items() if name not in disabled and (not enabled or name in enabled)
    }
    return tables, {alias: name for alias, name in ALIASES.items() if name in tables}


def enabled(flags: Flags, name: str) -> bool:
    """Whether the flags leave a table that is not in the catalogue."""
    enable, disable = (
        {one.strip() for one in flags.text(flag).split(",")} - {""} for flag in ("enable_tables", "disable_tables")
    )
    return name not in disable and (not enable or name in enable)
