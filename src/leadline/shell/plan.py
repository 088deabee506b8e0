"""``.plan SQL``: how a statement is answered, table by table."""

from __future__ import annotations

from time import perf_counter

from leadline.sql import analysis

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from leadline.shell.session import Session
    from leadline.sql.cost import Cost
    from leadline.sql.schema import Value


def print_plan(session: Session, text: str) -> int:
    """Run the statements without printing their rows, and print what each did. Raises SQLError."""
    for statement in analysis.split(text):
        explained = session.engine.query(f"EXPLAIN QUERY PLAN {statement}")
        session.out.write_all(f"{line}\n" for line in outline(explained))
        started = perf_counter()
        rows = sum(1 for _ in session.engine.query(statement))
        taken = (perf_counter() - started) * 1000
        account = session.engine.scope.ledger.statements()[-1]
        for cost in account.costs.values():
            session.out.write_all(f"  {line}\n" for line in described(cost))
        session.out.write(f"{rows} rows in {taken:.1f} ms\n")
    return 0


def outline(steps: Iterable[Sequence[Value]]) -> Iterator[str]:
    """SQLite's steps, each indented below the one it belongs to; what it says of virtual tables' numbers left out."""
    depth: dict[object, int] = {}
    for number, parent, _, step in steps:
        depth[number] = depth.get(parent, -1) + 1
        yield "  " * depth[number] + str(step).partition(" VIRTUAL TABLE INDEX")[0]


def described(cost: Cost) -> Iterator[str]:
    """What one table did, in a line or two."""
    if cost.joined:
        looked_up = f"looked up {times(cost.scans + cost.reused)}"
        yield f"{cost.table}: hash join on {', '.join(cost.joined)}, index over {cost.indexed} rows {looked_up}"
    else:
        again = f", {cost.reused} more answered from kept rows" if cost.reused else ""
        yield f"{cost.table}: scanned {times(cost.scans)}{again}"
    pushed = ", ".join(cost.pushed) or "nothing"
    columns = ", ".join(sorted(cost.columns)) or "none"
    yield f"  {cost.rows} rows, {cost.seconds * 1000:.1f} ms CPU, {cost.read} bytes read"
    yield f"  constraints handed to the table: {pushed}; columns read: {columns}"


def times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
