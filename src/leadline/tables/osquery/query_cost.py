"""The query_cost table."""

from __future__ import annotations

from leadline.sql.schema import ALL, BIGINT, DOUBLE, INTEGER, TEXT, Column, Query, Rows, table


@table(
    "query_cost",
    Column("statement", INTEGER, "Number of the statement, counted from the opening of the connection."),
    Column("query", TEXT, "SQL of the statement."),
    Column("time", BIGINT, "When the statement started, in seconds since 1970."),
    Column("table_name", TEXT, "Table that was scanned."),
    Column("pushed", TEXT, "Constraints that the table was handed, as `column operator`, separated by commas."),
    Column("joined", TEXT, "Columns looked up in an index that was built over the table's rows, separated by commas."),
    Column("scans", INTEGER, "How often the table made its rows."),
    Column("reused", INTEGER, "Scans answered from rows that were kept."),
    Column("indexed_rows", BIGINT, "Rows in the index of a join."),
    Column("rows", BIGINT, "Rows that SQLite was given."),
    Column("bytes_read", BIGINT, "Bytes read from files to make the rows."),
    Column("cpu_ms", DOUBLE, "Processor time it took to make the rows, in milliseconds."),
    platforms=ALL,
    ours=True,
    utility=True,
    examples=[
        "SELECT statement, table_name, scans, rows, cpu_ms FROM query_cost ORDER BY cpu_ms DESC LIMIT 10",
        "SELECT query, sum(cpu_ms) AS ms, sum(bytes_read) AS bytes FROM query_cost GROUP BY statement",
    ],
    notes=(
        "One row for each table of a statement and way it was reached; the last 100 statements of this connection are"
        " remembered. Beyond the first 64 rows of a scan every 64th is measured, so time and bytes are estimates."
        " Bytes cover the files that tables read, not directory listings, sockets and netlink."
    ),
)
def query_cost(query: Query) -> Rows:
    """What the last statements cost, by table: scans, rows, bytes read and processor time."""
    for statement in query.ledger.statements()[:-1] if query.ledger else ():  # the last is the one that asks
        for cost in statement.costs.values():
            yield (
                statement.number, statement.sql, int(statement.started), cost.table, ", ".join(cost.pushed),
                ", ".join(cost.joined), cost.scans, cost.reused, cost.indexed, cost.rows, cost.read,
                round(cost.seconds * 1000, 3),
            )  # fmt: skip
