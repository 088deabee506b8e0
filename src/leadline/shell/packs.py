"""``--pack``: runs the queries of a pack, one of the configuration's or one in a file."""

from __future__ import annotations

import os

from leadline.configuration import packs
from leadline.configuration.document import whole
from leadline.shell import configuration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from leadline.shell.session import Session


def run_pack(session: Session, wanted: str) -> int:
    """Run the pack's queries in the order of their names; the exit code is that of the first that fails."""
    try:
        pack = find(session, wanted)
    except (OSError, ValueError) as error:
        session.error(f"Error: cannot read pack '{wanted}': {error}")
        return 1
    if pack is None:
        session.error(f"Error: there is no pack '{wanted}' in {session.flags.text('config_path')}")
        return 1
    for name, query in queries(pack):
        code = session.run(query)
        if code:
            session.error(f"Could not execute query {name}: {query}")
            return code
    return 0


def find(session: Session, wanted: str) -> dict[str, Any] | None:
    """The pack as data: a file of its own when the name is a path, else one that the configuration names.

    Raises OSError and ValueError.
    """
    if os.sep in wanted or os.path.isfile(wanted):
        return configuration.read(wanted)
    for document in configuration.documents(session.flags):
        named = document.get("packs") or {}
        if isinstance(named.get(wanted), str):
            return configuration.read(named[wanted])
        if isinstance(named.get(wanted), dict):
            found: dict[str, Any] = named[wanted]
            return found
        pattern = named.get(packs.EVERY)
        for name, path in packs.files(packs.EVERY, pattern) if isinstance(pattern, str) else ():
            if name == wanted:
                return configuration.read(path)
    return None


def queries(pack: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Name and SQL of the queries that are for this platform and osquery version, in running order."""
    if not suits(pack):
        return
    found = pack.get("queries")
    if not isinstance(found, dict):
        return
    chosen = [
        (whole(query.get("startup_priority")) or 0, name, query["query"])
        for name, query in found.items()
        if isinstance(query, dict) and suits(query) and isinstance(query.get("query"), str) and query["query"]
    ]
    for _, name, text in sorted(chosen):
        yield name, text


def suits(entry: dict[str, Any]) -> bool:
    """Whether a pack or query is for this platform and for the osquery release that we speak."""
    from leadline import OSQUERY_VERSION

    return packs.suits(entry, configuration.PLATFORM, OSQUERY_VERSION, 0)
