"""The configuration that the shell reads: the files that the flag ``config_path`` names."""

from __future__ import annotations

import os
import sys

from leadline.configuration import files
from leadline.configuration.document import DocumentError
from leadline.configuration.document import read as parse
from leadline.configuration.shapes import mend

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from leadline.flags import Flags
    from leadline.sql.engine import Attachments

PLATFORM = {"win32": "windows"}.get(sys.platform, sys.platform)


def documents(flags: Flags) -> Iterator[dict[str, Any]]:
    """The configuration file, when there is one, then those of the directory beside it, in the order of their names.

    Raises OSError and ValueError.
    """
    path = flags.text("config_path")
    for source in files.paths(path):
        if source != path or os.path.exists(path):
            yield read(source)


def read(path: str) -> dict[str, Any]:
    """A document of the agent's; what is wrong in parts of it is left out. Raises OSError and ValueError."""
    try:
        document = parse(files.text(path))[0]
    except DocumentError as error:
        raise ValueError(f"{error} ({path}:{error.line})" if error.line else f"{error} ({path})") from None
    mend(document, lambda path, sentence: None)
    return document


def attach(flags: Flags, attachments: Attachments, warn: Callable[[str], None]) -> None:
    """Make the tables and views of the configuration; ``warn`` is told what cannot be made."""
    from leadline.catalogue.index import ALIASES, TABLES
    from leadline.catalogue.selection import enabled
    from leadline.configuration import atc

    tables: dict[str, object] = {}
    views: dict[str, str] = {}
    try:
        for document in documents(flags):
            tables.update(document.get("auto_table_construction") or {})
            views.update(document.get("views") or {})
    except (OSError, ValueError) as error:
        warn(f"The configuration cannot be read: {error}")
    for name, value in tables.items():
        try:
            if name in TABLES or name in ALIASES or name in attachments.tables:
                raise atc.SpecificationError("has another one's name")
            made = atc.table(name, value, PLATFORM)
        except atc.SpecificationError as error:
            warn(f"The table {name} of auto_table_construction {error}: it is left out")
        else:
            if made is not None and enabled(flags, name):
                attachments.attach(made)
    attachments.views = {
        name: sql
        for name, sql in views.items()
        if name not in TABLES and name not in ALIASES and name not in attachments.tables
    }
