"""What the shell tells the osquery_* tables about itself."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from leadline.flags import Flags
    from leadline.shell.extensions import Extensions
    from leadline.sql.schema import Row


class ShellRuntime:
    """Implements leadline.tables.osquery.runtime.Runtime for a process without daemon or config."""

    __slots__ = ("_extensions", "_flags", "_instance")

    def __init__(self, flags: Flags, extensions: Extensions | None = None) -> None:
        self._flags = flags
        self._extensions = extensions
        self._instance = ""

    def info(self) -> Mapping[str, object]:
        """The columns of osquery_info that the shell decides: its instance is new each time it starts."""
        if not self._instance:
            from uuid import uuid4

            self._instance = str(uuid4())
        extended = self._extensions is not None and self._extensions.manager is not None
        active = "active" if extended else "inactive"
        return {"instance_id": self._instance, "config_valid": 0, "extensions": active, "watcher": -1}

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

    def flags(self) -> Iterator[Row]:
        """(name, type, description, default, value, shell_only) of every flag."""
        return self._flags.listed()

    def registry(self) -> Iterator[tuple[str, str, int, int, int]]:
        """(registry, name, owner_uuid, internal, active) of what the shell can use: its config plugin and tables."""
        from leadline.shell.opening import table_names

        yield "config", "filesystem", 0, 0, int(self._flags.text("config_plugin") == "filesystem")
        yield "sql", "sql", 0, 0, 1
        manager = self._extensions.manager if self._extensions else None
        offered = list(manager.items()) if manager else []
        theirs = {name for kind, name, _ in offered if kind == "table"}
        for name in table_names(self._flags, self._extensions):
            if name not in theirs:
                yield "table", name, 0, 0, 1
        for kind, name, uuid in offered:
            yield kind, name, uuid, 0, int(kind == "table")

    def extensions(self) -> Iterable[Row]:
        """Rows of osquery_extensions; none while no socket is served."""
        manager = self._extensions.manager if self._extensions else None
        return manager.rows() if manager else ()

    def schedule(self) -> Iterator[Row]:
        """None: what the agent does, the shell has not."""
        return iter(())

    packs = publishers = carves = schedule

    def carve(self, names: Sequence[str], patterns: Sequence[tuple[str, str]] = ()) -> tuple[str, str]:  # noqa: ARG002
        """None is started."""
        return "", "the shell carves no files, an agent that has a server to send them to does"

    def events(self, table: str, first: int, last: int) -> None:
        """None are recorded."""
