"""One SQLite connection in which every table of this machine can be asked.

Tables are attached as modules that import their code when a statement names them, so opening an engine is cheap.
An engine is used from one thread; only :meth:`Engine.interrupt` may be called from others.
"""

from __future__ import annotations

import sys
from _thread import allocate_lock
from time import monotonic, time

import apsw

from leadline.sql import analysis
from leadline.sql.errors import SQLError
from leadline.sql.functions import REGEX_MAX_SIZE
from leadline.sql.functions import attach as attach_functions
from leadline.sql.host import Module, Scope
from leadline.sql.schema import LINUX, MACOS, WINDOWS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any, Self

    from leadline.sql.caching import TableCache
    from leadline.sql.schema import Runtime, Table, Value

PLATFORM = {"linux": LINUX, "darwin": MACOS, "win32": WINDOWS}.get(sys.platform, LINUX)

ALLOWED = frozenset(
    (
        apsw.SQLITE_READ, apsw.SQLITE_SELECT, apsw.SQLITE_INSERT, apsw.SQLITE_UPDATE, apsw.SQLITE_DELETE,
        apsw.SQLITE_CREATE_VTABLE, apsw.SQLITE_DROP_VTABLE, apsw.SQLITE_CREATE_VIEW, apsw.SQLITE_DROP_VIEW,
        apsw.SQLITE_CREATE_TABLE, apsw.SQLITE_DROP_TABLE, apsw.SQLITE_CREATE_TEMP_TABLE,
        apsw.SQLITE_DROP_TEMP_TABLE, apsw.SQLITE_CREATE_TEMP_VIEW, apsw.SQLITE_DROP_TEMP_VIEW,
        apsw.SQLITE_FUNCTION, apsw.SQLITE_RECURSIVE, apsw.SQLITE_TRANSACTION,
    )
)  # fmt: skip
PRAGMAS = frozenset(
    ("table_info", "table_xinfo", "function_list", "journal_mode", "case_sensitive_like", "collation_list")
)
STEPS = 500  # virtual machine steps between two looks at the clock: some 10 µs, or 50 rows of a table
MEMORY_LOOKS = 32  # looks at the clock between two at the memory, which cost ten times as much


class Attachments:
    """Tables and views that come and go while engines are open; each engine takes them over before its next statement.

    Any thread may attach and detach. ``tables`` holds each table under its name and its aliases, ``views`` the SQL of
    views by name; each is replaced as a whole.
    """

    __slots__ = ("lock", "tables", "views")

    def __init__(self) -> None:
        self.lock = allocate_lock()
        self.tables: Mapping[str, Table] = {}
        self.views: Mapping[str, str] = {}

    def attach(self, *tables: Table) -> None:
        """Offer tables, in the place of those of the same names."""
        with self.lock:
            new = {name: table for table in tables for name in (table.name, *table.aliases)}
            self.tables = {**self.tables, **new}

    def detach(self, *names: str) -> None:
        """Take tables away, by name; their aliases go with them."""
        with self.lock:
            self.tables = {alias: table for alias, table in self.tables.items() if table.name not in names}


class Engine:
    """A connection with all tables, functions and collations.

    ``tables`` maps a table's name to the module that declares it, and ``aliases`` another name to a table's (see
    leadline.catalogue.selection). ``extra`` are further tables, already declared, ``attachments`` those that come and
    go. ``root`` is the directory that stands for ``/``. ``warn(table, message)`` is told what a table says of its
    query, ``log(severity, message)`` what the engine refuses and which table failed (severity 1 is a warning, 2 an
    error).

    A table that fails has the rows from before its failure, unless ``strict``: then the statement ends with an error.
    A statement ends after ``timeout`` seconds, and when this program's memory, as ``memory()`` tells it in bytes, has
    grown by more than ``memory_limit`` since it began; 0 is no limit. ``read()`` is the number of bytes read from
    files so far.
    """

    def __init__(
        self,
        *,
        root: str = "",
        runtime: Runtime | None = None,
        warn: Callable[[str, str], None] | None = None,
        log: Callable[[int, str], None] | None = None,
        clock: Callable[[], float] | None = None,
        tables: Mapping[str, str] | None = None,
        aliases: Mapping[str, str] | None = None,
        extra: tuple[Table, ...] = (),
        attachments: Attachments | None = None,
        platform: int = PLATFORM,
        strict: bool = False,
        read: Callable[[], int] | None = None,
        memory: Callable[[], int] | None = None,
        memory_limit: int = 0,
        timeout: float | None = None,
        regex_max_size: int = REGEX_MAX_SIZE,
    ) -> None:
        self.tables = tables or {}
        self.log = log or (lambda severity, message: None)
        self.deadline: float | None = None
        self.interrupted = False
        self.memory = memory if memory_limit else None
        self.memory_limit = memory_limit
        self.timeout = timeout
        self.memory_before = 0
        self.looks = 0  # at the clock, in the running statement
        self.exceeded = False
        self.listed = False  # every table exists by name
        self.views = False  # a view may hide a sub-select
        self.connection = apsw.Connection(":memory:")
        root = root.rstrip("/")
        self.scope = Scope(
            platform, root, runtime, warn or (lambda table, message: None), self.log, self.stopped, clock or time,
            read or (lambda: 0), strict,
        )  # fmt: skip
        for name, module in self.tables.items():
            self.module(name, module_finder(name, module))
        for alias, name in (aliases or {}).items():
            self.module(alias, module_finder(name, self.tables[name]))
        for table in extra:
            self.module(table.name, given(table))
        self.attachments = attachments
        self.attached: Mapping[str, Table] = {}
        self.viewed: Mapping[str, str] = {}
        attach_functions(
            self.connection,
            root=root,
            regex_max_size=regex_max_size,
            warn=lambda message: self.log(1, message),
            stopped=self.stopped,
            runtime=runtime,
        )
        self.connection.execute("PRAGMA temp_store = MEMORY")
        self.connection.authorizer = self.authorize

    def module(self, name: str, find: Callable[[], Table], *, writable: bool = False) -> None:
        """Attach one table under a name."""
        self.connection.create_module(
            name,
            Module(name, find, self.scope),  # type: ignore[arg-type]  # apsw's protocol asks for shadow tables
            use_bestindex_object=True,
            eponymous=True,
            read_only=not writable,
        )

    def reattach(self, tables: Mapping[str, Table]) -> None:
        """Make these the attached tables."""
        connection = self.connection
        for name, table in self.attached.items():
            if tables.get(name) is not table:
                if self.listed:
                    connection.execute(f"DROP TABLE IF EXISTS temp.`{name}`")
                connection.create_module(name, None)
        for name, table in tables.items():
            if self.attached.get(name) is not table:
                self.module(name, given(table), writable=table.writer is not None)
                if self.listed:
                    connection.execute(f"CREATE VIRTUAL TABLE temp.`{name}` USING `{name}`")
        self.attached = tables
        # statements that apsw keeps prepared hold on to the tables of before; a new authorizer makes them stale
        connection.authorizer = self.authorize

    def review(self, views: Mapping[str, str]) -> None:
        """Make these the views; one that SQLite does not take is logged and left out."""
        for name in self.viewed:
            if views.get(name) != self.viewed[name]:
                self.connection.execute(f"DROP VIEW IF EXISTS {quoted(name)}")
        for name, sql in views.items():
            if self.viewed.get(name) != sql:
                try:
                    self.connection.execute(f"CREATE VIEW {quoted(name)} AS {sql}")
                except apsw.Error as error:
                    self.log(1, f"Error creating view ({name}): {error}")
        self.viewed = views
        self.views = self.views or bool(views)

    def authorize(
        self, action: int, first: str | None, second: str | None, third: str | None, inner: str | None
    ) -> int:
        """Allow what reads and what stays in this connection (osquery's rule), deny and log the rest."""
        if action in ALLOWED or (action == apsw.SQLITE_PRAGMA and first and first.lower() in PRAGMAS):
            return apsw.SQLITE_OK
        arguments = " ".join("null" if text is None else text for text in (first, second, third, inner))
        self.log(2, f"Authorizer denied action {action} {arguments}")
        return apsw.SQLITE_DENY

    def query(self, sql: str, timeout: float | None = None) -> Result:
        """Start one statement. Its rows are made while they are read.

        ``timeout`` is in seconds, the engine's own when None. Raises SQLError, here or while the rows are read.
        """
        attachments = self.attachments
        if attachments is not None:
            if attachments.tables is not self.attached:
                self.reattach(attachments.tables)
            if attachments.views is not self.viewed:
                self.review(attachments.views)
        lowered = sql.lower()
        if not self.listed and "sqlite_" in lowered:
            self.list_tables()
        self.views = self.views or "view" in lowered
        # apsw 3.54.1 fails a statement whose IN (SELECT …) turns out empty when it is asked for the whole set
        self.scope.begin(sql, not self.views and lowered.count("select") + lowered.count("values") < 2)
        self.interrupted = self.exceeded = False
        self.looks = 0
        if self.memory is not None:
            self.memory_before = self.memory()
        return Result(self, sql, self.timeout if timeout is None else timeout)

    def run(self, text: str, timeout: float | None = None) -> Iterator[Result]:
        """Start the statements of a text one after the other."""
        for statement in analysis.split(text):
            yield self.query(statement, timeout)

    def list_tables(self) -> None:
        """Create every table by name, for a statement that reads sqlite_temp_master: otherwise none is needed."""
        self.listed = True
        for name in (*self.tables, *self.attached):
            self.connection.execute(f"CREATE VIRTUAL TABLE temp.`{name}` USING `{name}`")

    def declared(self, name: str) -> Table | None:
        """The table of a name as it is declared; None when there is none."""
        attachments = self.attachments.tables if self.attachments else {}
        if name in attachments:
            return attachments[name]
        return module_finder(name, self.tables[name])() if name in self.tables else None

    def reuse(self, cache: TableCache | None, second: int = 0, interval: int = 0) -> None:
        """Share the rows of cacheable tables in the statements that follow; None ends it.

        ``second`` is the schedule's, ``interval`` that of the query, both in seconds.
        """
        if cache is None:
            self.scope.window = None
            return
        from leadline.sql.caching import Window

        self.scope.window = Window(cache, second, interval)

    def interrupt(self) -> None:
        """End the running statement with an error; safe from any thread."""
        self.interrupted = True
        self.connection.interrupt()

    def stopped(self) -> bool:
        """Whether the running statement shall end; tables with long loops ask between steps."""
        if self.interrupted or (self.deadline is not None and monotonic() > self.deadline):
            return True
        self.looks += 1
        if self.memory is not None and not self.looks % MEMORY_LOOKS:
            self.exceeded = self.exceeded or self.memory() - self.memory_before > self.memory_limit
        return self.exceeded

    def close(self) -> None:
        """Free the connection."""
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def quoted(name: str) -> str:
    """A name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def module_finder(name: str, module: str) -> Callable[[], Table]:
    """A function that imports a table's module and returns the table."""

    def find() -> Table:
        __import__(module)
        table: Table = getattr(sys.modules[module], name)
        return table

    return find


def given(table: Table) -> Callable[[], Table]:
    """A finder of a table that is already declared."""
    return lambda: table


class Result:
    """The rows of one statement, an iterator over tuples of SQLite values.

    ``columns`` are the names of the result columns, empty for a statement that returns none.
    """

    def __init__(self, engine: Engine, sql: str, timeout: float | None) -> None:
        self.engine = engine
        self.sql = sql
        self.timeout = timeout
        self.description: tuple[tuple[str, str | None], ...] = ()
        self.deadline = None if timeout is None else monotonic() + timeout
        engine.deadline = self.deadline
        engine.connection.set_progress_handler(engine.stopped, STEPS)
        self.cursor = engine.connection.cursor()
        self.cursor.exec_trace = self.describe
        try:
            self.cursor.execute(sql)
        except Exception as error:
            raise self.failed(error) from error

    def describe(self, cursor: apsw.Cursor, _: str, __: Any) -> bool:
        """Keep the column names: SQLite forgets them when a statement ends without a row."""
        try:
            self.description = cursor.get_description()
        except apsw.ExecutionCompleteError:
            self.description = ()
        return True

    def failed(self, error: Exception) -> SQLError:
        """What to raise for an exception of apsw or of a table."""
        if isinstance(error, SQLError):
            return error
        if isinstance(error, apsw.InterruptError):
            if self.engine.exceeded and not self.engine.interrupted:
                return SQLError(
                    f"query used more than {self.engine.memory_limit >> 20} MiB of memory", apsw.SQLITE_NOMEM
                )
            if self.timeout is not None and not self.engine.interrupted:
                return SQLError(f"query timed out after {self.timeout:g} s", apsw.SQLITE_INTERRUPT)
            return SQLError("interrupted", apsw.SQLITE_INTERRUPT)
        if isinstance(error, apsw.ConstraintError):  # raised by the host, which sets no code
            return SQLError(str(error), apsw.SQLITE_CONSTRAINT)
        return SQLError(str(error), getattr(error, "result", apsw.SQLITE_ERROR))

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.description)

    @property
    def types(self) -> tuple[str, ...]:
        """osquery's type name of each column, from the schema or from what computes it."""
        return analysis.types(self.engine.connection, self.sql, [declared for _, declared in self.description])

    def __iter__(self) -> Result:
        return self

    def __next__(self) -> tuple[Value, ...]:
        try:
            return next(self.cursor)
        except StopIteration:
            raise
        except Exception as error:
            raise self.failed(error) from error

    def close(self) -> None:
        """Stop reading; the statement ends here."""
        self.cursor.close(True)
