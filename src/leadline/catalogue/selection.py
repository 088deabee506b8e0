"""Which tables an engine gets, after the flags that switch tables off and on."""

from __future__ import annotations

from leadline.catalogue.index import ALIASES, TABLES


def selected(enable: str = "", disable: str = "") -> tuple[dict[str, str], dict[str, str]]:
    """Table names with their modules, and aliases with their tables.

    ``enable`` and ``disable`` are comma lists of names (flags enable_tables and disable_tables): a name on the second
    is left out, and so is every name that is not on a first one that is not empty.
    """
    if not enable and not disable:
        return TABLES, ALIASES
    enabled, disabled = ({name.strip() for name in text.split(",")} - {""} for text in (enable, disable))
    tables = {
        name: module for name, module in TABLES.items() if name not in disabled and (not enabled or name in enabled)
    }
    return tables, {alias: name for alias, name in ALIASES.items() if name in tables}
