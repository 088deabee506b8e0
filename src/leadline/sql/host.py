"""The virtual-table host: makes SQLite ask tables, and ask them well.

For every scan SQLite calls ``BestIndexObject`` (what could you do with these constraints?), then ``Filter`` (do it,
with these values) and ``Next``. A :class:`Plan` carries what was agreed from the one to the other. Constraints on
columns that the table handles are pushed to it; an equality with another table's column that it does not handle is
answered from a dictionary over its rows, built once a statement, so that a join is a hash join. ``omit`` is never
set: SQLite checks every row again, so the host may return too many rows but never too few.

Virtual tables: https://sqlite.org/vtab.html
"""

from __future__ import annotations

import apsw

from leadline.sql.comparison import ANYTHING, FOLDS, NOTHING, narrow
from leadline.sql.cost import Cost, Ledger, Statement
from leadline.sql.cursor import Cursor, MappedCursor, NumberedCursor
from leadline.sql.schema import BLOB, EQUALS, GLOB, LIKE, TEXT, Query

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from leadline.sql.caching import Window
    from leadline.sql.schema import Column, Row, Runtime, Table

EQ = apsw.SQLITE_INDEX_CONSTRAINT_EQ
LIMIT = apsw.SQLITE_INDEX_CONSTRAINT_LIMIT
OPERATORS = {
    EQ: EQUALS,
    apsw.SQLITE_INDEX_CONSTRAINT_LIKE: LIKE,
    apsw.SQLITE_INDEX_CONSTRAINT_GLOB: GLOB,
    apsw.SQLITE_INDEX_CONSTRAINT_GT: ">",
    apsw.SQLITE_INDEX_CONSTRAINT_GE: ">=",
    apsw.SQLITE_INDEX_CONSTRAINT_LT: "<",
    apsw.SQLITE_INDEX_CONSTRAINT_LE: "<=",
}

# Costs only have to rank plans. A plan that leaves a required column unbound must lose against every other one, a
# look-up the table does itself beats one in the host's index, and that beats a scan.
COST_MISSING = 1e12
COST_SCAN = 1e5
COST_PATTERN = 2e3
COST_INDEXED = 500.0
COST_ADDITIONAL = 50.0
COST_LOOKUP = 10.0


class Scope:
    """What all tables of one connection share.

    ``memo`` holds rows for the statement that runs, and no longer, ``kept`` what its tables keep. ``whole_lists`` says
    whether an IN list may come as one set; else SQLite scans once for each value. ``read`` tells how many bytes this
    program has read so far. ``strict`` ends a statement when one of its tables fails; else the table has the rows from
    before.
    """

    __slots__ = (
        "cancelled", "clock", "failures", "kept", "ledger", "log", "memo", "platform", "read", "root", "rowids",
        "runtime", "statement", "strict", "warn", "whole_lists", "window",
    )  # fmt: skip

    def __init__(
        self,
        platform: int,
        root: str,
        runtime: Runtime | None,
        warn: Callable[[str, str], None],
        log: Callable[[int, str], None],
        cancelled: Callable[[], bool],
        clock: Callable[[], float],
        read: Callable[[], int],
        strict: bool,
    ) -> None:
        self.platform = platform
        self.root = root
        self.runtime = runtime
        self.warn = warn
        self.log = log
        self.cancelled = cancelled
        self.clock = clock
        self.read = read
        self.strict = strict
        self.ledger = Ledger()
        self.statement = Statement(0, "", 0.0)
        self.memo: dict[tuple[Any, ...], Any] = {}
        self.kept: dict[tuple[object, ...], object] = {}
        self.rowids: dict[tuple[Any, ...], int] = {}
        self.failures: set[str] = set()
        self.whole_lists = True
        self.window: Window | None = None

    def begin(self, sql: str, whole_lists: bool) -> None:
        """Forget the statement before."""
        self.memo = {}
        self.kept = {}
        self.rowids = {}
        self.failures = set()
        self.whole_lists = whole_lists
        self.statement = self.ledger.begin(sql, self.clock())

    def cost(self, plan: Plan, hosted: HostedTable) -> Cost:
        """The account of one way to scan a table in the running statement."""
        costs = self.statement.costs
        cost = costs.get(plan)
        if cost is None:
            pushed = tuple(f"{column.name} {operator}" for _, column, operator in plan.pushed)
            joined = tuple(hosted.columns[position].name for _, position, _ in plan.joined)
            cost = costs[plan] = Cost(hosted.table.name, pushed, joined, plan.columns)
        return cost


class Plan:
    """What BestIndex agreed with SQLite for one way to scan a table."""

    __slots__ = ("columns", "joined", "limit", "missing", "number", "pushed")

    def __init__(
        self,
        number: int,
        pushed: list[tuple[int, Column, str]],
        joined: list[tuple[int, int, str]],
        limit: int | None,
        missing: bool,
        columns: frozenset[str],
    ) -> None:
        self.number = number
        self.pushed = pushed  # (argument, column, operator) handed to the table
        self.joined = joined  # (argument, column number, collation) answered from the host's index
        self.limit = limit  # argument that holds LIMIT
        self.missing = missing  # no required column is bound
        self.columns = columns


class Module:
    """The apsw module of one table name: imports and declares the table when a statement names it."""

    __slots__ = ("find", "name", "scope")

    def __init__(self, name: str, find: Callable[[], Table], scope: Scope) -> None:
        self.name = name
        self.find = find
        self.scope = scope

    def Create(self, *_: Any) -> tuple[str, HostedTable]:  # noqa: N802
        """Declare the table to SQLite."""
        table = self.find()
        if table.writer is None:
            hosted = HostedTable(table, self.scope)
        else:
            from leadline.sql.writing import WritableTable

            hosted = WritableTable(table, self.scope, table.writer)
        return declaration(table, self.scope.platform), hosted

    Connect = Create


def declaration(table: Table, platform: int) -> str:
    """``CREATE TABLE`` as SQLite is told it: every column, those of other platforms hidden.

    osquery declares a primary key here. SQLite would believe it to be unique and drop DISTINCT, which is wrong for
    tables such as process_open_files, so the key is shown by ``.schema`` and kept from SQLite. The collation of a
    hidden column is left out: SQLite loses it when it takes HIDDEN out of the type (seen up to 3.54).
    """
    parts = []
    for column in table.columns:
        hidden = column.hidden or not column.platforms & platform
        option = " HIDDEN" if hidden else f" COLLATE {column.collate}" if column.collate else ""
        parts.append(f"`{column.name}` {column.type}{option}")
        parts.extend(f"`{alias}` {column.type} HIDDEN" for alias in column.aliases)
    return f"CREATE TABLE {table.name}({', '.join(parts)})"


class HostedTable:
    """One table of one connection (apsw's VTTable)."""

    __slots__ = (
        "by_key",
        "columns",
        "defaults",
        "extension",
        "generator",
        "identity",
        "places",
        "plans",
        "required",
        "scope",
        "shown",
        "table",
    )

    def __init__(self, table: Table, scope: Scope) -> None:
        self.table = table
        self.scope = scope
        self.extension = "extension" in table.attributes
        self.generator = table.generators.get(scope.platform)
        self.columns: list[Column] = []
        self.places: list[int] = []  # declared column number → position in a row, past every row when it has none
        position = 0
        for column in table.columns:
            own = bool(column.platforms & scope.platform)
            for _ in range(1 + len(column.aliases)):
                self.columns.append(column)
                self.places.append(position if own else 1 << 30)
            position += own
        self.defaults = [column.default for column in self.columns]
        self.identity = self.places == list(range(len(self.places)))
        self.required = any(column.required for column in table.columns)
        self.shown = frozenset(
            column.name for column in table.columns if not column.hidden and column.platforms & scope.platform
        )
        self.plans: list[Plan] = []
        self.by_key: dict[tuple[Any, ...], Plan] = {}

    def Disconnect(self) -> None:  # noqa: N802
        """Nothing is held."""

    Destroy = Disconnect

    def Open(self) -> Cursor:  # noqa: N802
        if self.extension:
            return NumberedCursor(self)
        return Cursor(self) if self.identity else MappedCursor(self)

    def BestIndexObject(self, info: apsw.IndexInfo) -> bool:  # noqa: N802
        """Choose what to do with the constraints; see the module's docstring."""
        pushed: list[tuple[int, Column, str]] = []
        joined: list[tuple[int, int, str]] = []
        limit = None
        arguments = 0
        unconsumed = False
        cost = COST_SCAN
        for number in range(info.nConstraint):
            operator = info.get_aConstraint_op(number)
            if operator == LIMIT:
                limit = number
                continue
            if not info.get_aConstraint_usable(number):
                unconsumed = True
                continue
            position = info.get_aConstraint_iColumn(number)
            name = OPERATORS.get(operator)
            if name is None or position < 0:
                unconsumed = True
                continue
            column = self.columns[position]
            collation = info.get_aConstraint_collation(number).upper()
            listed = operator == EQ and info.get_aConstraintUsage_in(number)
            if self.pushable(column, name, collation, listed):
                pushed.append((arguments, column, name))
                if listed and self.scope.whole_lists and (column.optimized or not self.extension):
                    info.set_aConstraintUsage_in(number, True)
                cost = min(cost, pushed_cost(column, name))
            elif self.joinable(info, number, operator, collation):
                joined.append((arguments, position, collation))
                cost = min(cost, COST_INDEXED)
            else:
                unconsumed = True
                continue
            arguments += 1
            info.set_aConstraintUsage_argvIndex(number, arguments)
        missing = self.required and not any(column.required for _, column, _ in pushed)
        if limit is not None and not unconsumed and not pushed and not joined and info.get_aConstraint_usable(limit):
            info.set_aConstraintUsage_argvIndex(limit, arguments + 1)
            limit = arguments
        else:
            limit = None
        info.estimatedCost = COST_MISSING if missing else cost
        info.estimatedRows = max(1, int(cost / 100))
        info.idxNum = self.plan(info.colUsed, pushed, joined, limit, missing).number
        return True

    def pushable(self, column: Column, operator: str, collation: str, listed: bool) -> bool:
        """Whether the table itself can narrow by the constraint.

        A range over text is left to SQLite, as osquery does. So is a comparison that does not distinguish what the
        table distinguishes (COLLATE NOCASE): pushed, it would lose rows, unless the column is declared so. And SQLite
        hands the numbers of ``text IN (SELECT number …)`` over as text, although it compares them as numbers.
        """
        if not column.pushed or not column.platforms & self.scope.platform:
            return False
        if operator == EQUALS:
            as_numbers = listed and column.type == TEXT and not self.scope.whole_lists and not self.extension
            same = collation == "BINARY" or (collation == "NOCASE" and column.collate == "nocase")
            return column.required or (same and not as_numbers)
        if operator in (LIKE, GLOB):
            return column.type == TEXT
        return column.type not in (TEXT, BLOB)

    @staticmethod
    def joinable(info: apsw.IndexInfo, number: int, operator: int, collation: str) -> bool:
        """Whether the host should answer the equality from an index: only when it comes from another table.

        A value known while planning is a literal: one scan, which SQLite filters as fast as we could.
        """
        return (
            operator == EQ
            and collation in FOLDS
            and not info.get_aConstraintUsage_in(number)
            and info.get_aConstraint_rhs(number) is None
        )

    def plan(
        self,
        used: set[int],
        pushed: list[tuple[int, Column, str]],
        joined: list[tuple[int, int, str]],
        limit: int | None,
        missing: bool,
    ) -> Plan:
        """The plan of this shape, made once."""
        key = (
            frozenset(used),
            tuple((column.name, operator) for _, column, operator in pushed),
            tuple(joined),
            limit,
            missing,
        )
        plan = self.by_key.get(key)
        if plan is None:
            # 63 stands for every column from the 64th on
            names = frozenset(column.name for number, column in enumerate(self.columns) if min(number, 63) in used)
            plan = self.by_key[key] = Plan(len(self.plans), pushed, joined, limit, missing, names)
            self.plans.append(plan)
        return plan

    def rows(self, plan: Plan, arguments: Sequence[Any]) -> Iterator[Row]:
        """Start the table's generator for one scan."""
        if plan.missing:
            message = f"Table {self.table.name} was queried without a required column in the WHERE clause"
            self.scope.warn(self.table.name, message)
            raise apsw.ConstraintError(message)
        constraints: dict[str, list[tuple[str, Any]]] = {}
        for argument, column, operator in plan.pushed:
            value = narrow(column, operator, arguments[argument])
            if value is NOTHING:
                return iter(())
            if value is not ANYTHING:
                constraints.setdefault(column.name, []).append((operator, value))
        scope = self.scope
        if self.generator is None:
            return iter(())
        name = self.table.name
        query = Query(
            self.table,
            plan.columns,
            constraints,
            limit=None if plan.limit is None else arguments[plan.limit],
            root=scope.root,
            runtime=scope.runtime,
            clock=scope.clock,
            warn=lambda message: scope.warn(name, message),
            cancelled=scope.cancelled,
            ledger=scope.ledger,
            kept=scope.kept,
        )
        if scope.window is not None and self.cacheable(plan):
            generator = self.generator
            return scope.window.rows(name, plan.columns, lambda: iter(generator(query)), scope.cancelled)
        return iter(self.generator(query))

    def cacheable(self, plan: Plan) -> bool:
        """Whether the scan reads all that ``SELECT *`` has of a cacheable table, and narrows by nothing."""
        return (
            "cacheable" in self.table.attributes
            and not plan.pushed
            and plan.limit is None
            and self.shown <= plan.columns
        )

    def failed(self, error: Exception) -> None:
        """Report that the table's generator raised, once a statement; the rows it made so far stand.

        Raises apsw.SQLError when the engine is strict, and the error itself when a table chose one of SQLite's.
        """
        if isinstance(error, apsw.Error):
            raise error
        name = self.table.name
        message = f"Table {name} failed: {type(error).__name__}: {error}{place(error)}"
        if self.scope.strict:
            raise apsw.SQLError(message) from error
        if name not in self.scope.failures:
            self.scope.failures.add(name)
            self.scope.log(2, message)


def place(error: Exception) -> str:
    """Where an exception was raised, as `` (module.py:12)``."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f" ({trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno})"


def pushed_cost(column: Column, operator: str) -> float:
    if operator == EQUALS:
        return COST_LOOKUP if column.index or column.required else COST_ADDITIONAL
    return COST_PATTERN if operator in (LIKE, GLOB) else COST_SCAN / 4
