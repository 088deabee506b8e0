"""The tables that the configuration constructs (``auto_table_construction``), attached to every engine."""

from __future__ import annotations

import json
import logging

from leadline.agent.configuration import Configuration, Problem
from leadline.catalogue.index import ALIASES, TABLES
from leadline.catalogue.selection import enabled
from leadline.configuration import atc
from leadline.flags import Flags
from leadline.sql.engine import Attachments
from leadline.sql.schema import Table

log = logging.getLogger(__name__)


class Constructed:
    """The tables of the last configuration. For the thread that loads configurations."""

    def __init__(self, flags: Flags, attachments: Attachments) -> None:
        self.flags = flags
        self.attachments = attachments
        self.tables: dict[str, tuple[str, Table]] = {}  # with what they were made of

    def names(self) -> set[str]:
        """The names of the tables that are attached, ours and others'."""
        return set(self.attachments.tables)

    def use(self, configuration: Configuration, platform: str) -> list[Problem]:
        """Attach the tables of a configuration and detach those that are no longer in it; tells which cannot be."""
        wanted: dict[str, tuple[str, Table]] = {}
        problems: list[Problem] = []
        for member in configuration.members("auto_table_construction"):
            sentence = ""
            try:
                if self.taken(member.name):
                    sentence = (
                        f"The table {member.name} (auto_table_construction) has another one's name: it is left out"
                    )
                else:
                    made = self.made(member.name, member.value, platform)
                    if made is not None and enabled(self.flags, member.name):
                        wanted[member.name] = made
                    columns = member.value.get("columns") if isinstance(member.value, dict) else ()
                    if any(str(column).lower() == atc.PATH for column in columns or ()):
                        sentence = f"The table {member.name} names a column {atc.PATH}, which it has in any case"
            except atc.SpecificationError as error:
                sentence = f"The table {member.name} of auto_table_construction {error}: it is left out"
            if sentence:
                problems.append(configuration.problem(member.part.place, member.path, sentence))
        self.attach(wanted)
        return problems

    def made(self, name: str, value: object, platform: str) -> tuple[str, Table] | None:
        """The table with what it is made of, the one of before when that is the same. Raises SpecificationError."""
        source = json.dumps(value, sort_keys=True)
        known = self.tables.get(name)
        if known is not None and known[0] == source:
            return known
        table = atc.table(name, value, platform)
        return None if table is None else (source, table)

    def taken(self, name: str) -> bool:
        """Whether the name is a table's that the configuration did not make."""
        if name in TABLES or name in ALIASES or name.lower().startswith("sqlite_"):
            return True
        attached = self.attachments.tables.get(name)
        own = self.tables.get(name)
        return attached is not None and (own is None or attached is not own[1])

    def attach(self, wanted: dict[str, tuple[str, Table]]) -> None:
        """Make these the tables."""
        gone = [name for name in self.tables if name not in wanted and not self.taken(name)]
        new = [made[1] for name, made in wanted.items() if self.tables.get(name) != made]
        if gone:
            self.attachments.detach(*gone)
        if new:
            self.attachments.attach(*new)
        for table in new:
            log.info("The configuration makes the table %s", table.name)
        self.tables = wanted
