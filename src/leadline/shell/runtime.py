"""What the shell tells the osquery_* tables about itself."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from leadline.flags import Flags
    from leadline.sql.schema import Row


class ShellRuntime:
    """Implements leadline.tables.osquery.runtime.Runtime for a process without daemon, config or extensions."""

    __slots__ = ("_flags", "_instance")

    def __init__(self, flags: Flags) -> None:
        self._flags = flags
        self._instance = ""

    def info(self) -> Mapping[str, object]:
        """The columns of osquery_info that the shell decides: its instance is new each time it starts."""
        if not self._instance:
            from uuid import uuid4

            self._instance = str(uuid4())
        return {"instance_id": self._instance, "config_valid": 0, "extensions": "inactive", "watcher": -1}

    def flag(self, name: str) -> str:
        """The value of one flag, as text."""
        return self._flags.text(name)

    def section(self, key: str) -> object:
        """What the configuration files hold under a key; the last one that has it wins. Raises OSError, ValueError."""
        from leadline.shell.configuration import documents

        found = None
        for document in documents(self._flags):
            found = document.get(key, found)
        return found

    def flags(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        """(name, type, description, default, value, shell_only) of every flag."""
        return self._flags.rows()

    def registry(self) -> Iterator[tuple[str, str, int, int, int]]:
        """(registry, name, owner_uuid, internal, active) of what the shell can use: its config plugin and tables."""
        from leadline.shell.opening import table_names

        yield "config", "filesystem", 0, 0, int(self._flags.text("config_plugin") == "filesystem")
        yield "sql", "sql", 0, 0, 1
        for name in table_names(self._flags):
            yield "table", name, 0, 0, 1

    def schedule(self) -> Iterator[Row]:
        """None: what the agent does, the shell has not."""
        return iter(())

    packs = publishers = extensions = carves = schedule

    def events(self, table: str, first: int, last: int) -> None:
        """None are recorded."""
