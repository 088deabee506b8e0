"""What a table declares, and what a statement asks of it.

A table is a function from a :class:`Query` to rows, registered with :func:`table`. The engine
(:mod:`leadline.sql.engine`) turns declarations into SQLite virtual tables.
"""

from __future__ import annotations

from time import time

TYPE_CHECKING = False  # typing costs 4 ms at start; type checkers take the constant for True
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Protocol

    from leadline.sql.cost import Ledger

    Value = str | int | float | bytes | None
    Row = Sequence[Value]
    Rows = Iterable[Row]
    Generator = Callable[["Query"], Rows]

    class Runtime(Protocol):
        """What the program around the engine tells its tables; see leadline.tables.osquery.runtime."""

    class Writer(Protocol):
        """What changes the rows of a table that can be written. Values come in the order of the declared columns,
        aliases behind their column, as SQLite has them. Each raises leadline.sql.errors.SQLError."""

        def insert(self, rowid: int | None, values: Sequence[Value]) -> int:
            """Add a row, under a number when the statement gives one; the row's number."""

        def update(self, rowid: int, new_rowid: int, values: Sequence[Value]) -> None:
            """Replace a row."""

        def delete(self, rowid: int) -> None:
            """Remove a row."""

else:  # annotations are strings: the names only have to exist
    Value = Row = Rows = Generator = Runtime = Writer = object

TEXT = "TEXT"
INTEGER = "INTEGER"
BIGINT = "BIGINT"
UNSIGNED_BIGINT = "UNSIGNED_BIGINT"
DOUBLE = "DOUBLE"
BLOB = "BLOB"

LINUX = 1
MACOS = 2
WINDOWS = 4
POSIX = LINUX | MACOS
ALL = LINUX | MACOS | WINDOWS

PLATFORM_NAMES = {LINUX: "linux", MACOS: "macos", WINDOWS: "windows"}


def platform_names(platforms: int) -> list[str]:
    """The names of a set of platforms, in their fixed order."""
    return [name for platform, name in PLATFORM_NAMES.items() if platforms & platform]


class Column:
    """One column.

    The options are osquery's: ``required`` (at least one required column of the table must be bound), ``index``
    and ``additional`` (the table looks at the constraints itself), ``optimized`` (a whole IN list arrives at
    once), ``hidden`` (left out of ``SELECT *``). ``collate`` names the declared collation; a table that is handed
    constraints on a ``nocase`` column compares without regard to (ASCII) case. A column that exists
    on some platforms only is given ``platforms``: elsewhere it is hidden, NULL and no part of the rows.
    ``default`` is the value of a column that a row leaves out at its end. ``ours`` marks a column that osquery's
    table does not have; such a column is hidden and stands behind osquery's.
    """

    __slots__ = (
        "additional", "aliases", "collate", "default", "description", "hidden", "index", "name", "optimized", "ours",
        "platforms", "required", "type",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        type: str,
        description: str,
        *,
        required: bool = False,
        index: bool = False,
        additional: bool = False,
        optimized: bool = False,
        hidden: bool = False,
        collate: str | None = None,
        aliases: Sequence[str] = (),
        platforms: int = ALL,
        default: Value = None,
        ours: bool = False,
    ) -> None:
        self.name = name
        self.type = type
        self.description = description
        self.required = required
        self.index = index
        self.additional = additional
        self.optimized = optimized
        self.hidden = hidden or ours
        self.collate = collate
        self.aliases = aliases
        self.platforms = platforms
        self.default = default
        self.ours = ours

    @property
    def pushed(self) -> bool:
        """Whether constraints on the column are handed to the table."""
        return self.required or self.index or self.additional


class Table:
    """A table: its columns and, for each platform, the function that makes its rows.

    ``cacheable`` rows may be reused between scheduled runs; ``user_data`` tables answer for the users a statement
    names; ``events`` tables are filled by event publishers; ``live`` tables need the running kernel and have no
    rows under another root; ``ours`` marks what osquery does not have.

    A table with the attribute ``extension`` is another process's. Its rows have one value more than it has columns:
    the row's number, or None. It is handed one value at a time of an IN list on a column that is not ``optimized``,
    as osquery does. ``writer`` changes the rows of a table that can be written.
    """

    __slots__ = (
        "aliases", "attributes", "columns", "description", "examples", "generators", "module", "name", "notes",
        "platforms", "writer",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        columns: Sequence[Column],
        platforms: int,
        *,
        aliases: Sequence[str] = (),
        attributes: frozenset[str] = frozenset(),
        description: str = "",
        examples: Sequence[str] = (),
        notes: str = "",
        module: str = "",
        writer: Writer | None = None,
    ) -> None:
        self.name = name
        self.columns = columns
        self.platforms = platforms
        self.aliases = aliases
        self.attributes = attributes
        self.description = description
        self.examples = examples
        self.notes = notes
        self.module = module
        self.writer = writer
        self.generators: dict[int, Generator] = {}

    def on(self, platforms: int) -> Callable[[Generator], Generator]:
        """Register the generator of further platforms: ``@etc_hosts.on(WINDOWS)``."""

        def register(generator: Generator) -> Generator:
            for platform in PLATFORM_NAMES:
                if platforms & platform:
                    self.generators[platform] = generator
            return generator

        return register


ATTRIBUTES = ("cacheable", "user_data", "utility", "events", "live", "ours")


def table(
    name: str,
    *columns: Column,
    platforms: int,
    aliases: Sequence[str] = (),
    examples: Sequence[str] = (),
    notes: str = "",
    asks: str = "",
    **attributes: bool,
) -> Callable[[Generator], Table]:
    """Declare a table; the decorated generator's docstring becomes its description.

    The name in the module is then the :class:`Table`. Rows are tuples in declaration order over the columns of the
    running platform; columns missing at the end of a row take their default. Values have the declared type
    (str for TEXT, int for the integer types, float for DOUBLE, bytes for BLOB) or are None for NULL.

    ``asks`` names what a live table asks, such as "the running kernel": under another root it then says so and has no
    rows, and its generator is not called.

    Raises TypeError for an attribute that is not in ATTRIBUTES.
    """
    unknown = set(attributes) - set(ATTRIBUTES)
    if unknown:
        raise TypeError(f"table {name}: unknown attribute {', '.join(sorted(unknown))}")

    def declare(generator: Generator) -> Table:
        declared = Table(
            name,
            columns,
            platforms,
            aliases=aliases,
            attributes=frozenset(key for key, value in attributes.items() if value),
            description=(generator.__doc__ or "").strip(),
            examples=examples,
            notes=notes,
            module=generator.__module__,
        )
        declared.on(platforms)(running_only(name, asks, generator) if asks else generator)
        return declared

    return declare


def running_only(name: str, asks: str, generator: Generator) -> Generator:
    """The generator of a table that can only ask the running system."""

    def scan(query: Query) -> Rows:
        if query.root:
            query.warn(f"{name} asks {asks} and has no rows for another root")
            return ()
        return generator(query)

    return scan


EQUALS = "="
LIKE = "LIKE"
GLOB = "GLOB"
GREATER = ">"
GREATER_EQUALS = ">="
LESS = "<"
LESS_EQUALS = "<="


class Query:
    """What one scan of a table is asked for.

    ``constraints`` maps a pushed column to its list of ``(operator, value)``; the operator is one of the constants
    above and for ``=`` the value is a tuple of the allowed values (one for ``=``, all members for ``IN``), converted
    to the column's declared type. All constraints of a scan hold together. They are a licence, not a duty: SQLite
    checks every row again, so a table may return more than was asked for, never less.

    ``limit`` is the largest number of rows that will be read, when that is known (never beside constraints). ``root``
    is the directory that stands for ``/`` (never with a trailing slash: the empty string is the live system, so that
    ``root + "/etc"`` is always right). ``runtime`` is what the surrounding program offers to the osquery_* tables.
    ``kept`` is what tables keep from one scan to the next of the same statement, each under keys of its own.
    """

    __slots__ = (
        "cancelled", "clock", "columns", "constraints", "kept", "ledger", "limit", "root", "runtime", "table", "warn",
    )  # fmt: skip

    def __init__(
        self,
        table: Table | None = None,
        columns: frozenset[str] | None = None,
        constraints: dict[str, list[tuple[str, Value | tuple[Value, ...]]]] | None = None,
        *,
        limit: int | None = None,
        root: str = "",
        runtime: Runtime | None = None,
        clock: Callable[[], float] | None = None,
        warn: Callable[[str], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
        ledger: Ledger | None = None,
        kept: dict[tuple[object, ...], object] | None = None,
    ) -> None:
        self.table = table
        self.columns = columns
        self.constraints = constraints or {}
        self.limit = limit
        self.root = root
        self.runtime = runtime
        self.clock: Callable[[], float] = clock or time  # seconds since the epoch
        self.warn: Callable[[str], None] = warn or (lambda message: None)
        self.cancelled: Callable[[], bool] = cancelled or (lambda: False)
        self.ledger = ledger
        self.kept: dict[tuple[object, ...], object] = {} if kept is None else kept

    def uses(self, *names: str) -> bool:
        """Whether the statement reads any of the columns; a table may leave the others None."""
        columns = self.columns
        return columns is None or any(name in columns for name in names)

    def equals(self, column: str) -> tuple[Value, ...] | None:
        """The values that the column may have, from ``=`` and ``IN``, in the order given; None when it is free."""
        found: tuple[Value, ...] | None = None
        for operator, value in self.constraints.get(column, ()):
            if operator == EQUALS:
                assert isinstance(value, tuple)
                found = value if found is None else tuple(one for one in found if one in value)
        return found

    def matching(self, column: str) -> list[tuple[str, Value]]:
        """The other constraints on the column, ``(operator, value)``: LIKE, GLOB and the four ranges."""
        return [
            (operator, value)
            for operator, value in self.constraints.get(column, ())
            if operator != EQUALS and not isinstance(value, tuple)
        ]
