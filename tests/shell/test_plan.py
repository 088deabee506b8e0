"""``.plan`` and what statements may cost."""

from __future__ import annotations

import re


def test_a_plan_tells_scans_constraints_and_columns(shell) -> None:
    ran = shell(".plan SELECT name, 'a  b' FROM processes WHERE pid = 1 AND name <> 'it''s';")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[:2] == ["SCAN processes", "  processes: scanned once"]
    assert re.fullmatch(r"    1 rows, \d+\.\d ms CPU, \d+ bytes read", lines[2])
    assert lines[3] == "    constraints handed to the table: pid =; columns read: name, pid"
    assert re.fullmatch(r"1 rows in \d+\.\d ms", lines[4])


def test_a_plan_tells_where_a_hash_join_was_built(shell) -> None:
    sql = "SELECT count(*) FROM etc_services a CROSS JOIN etc_services b ON a.port = b.port"
    out = shell(f".plan {sql}").out
    rows = int(shell("--csv", "--header=false", "SELECT count(*) FROM etc_services").out)
    assert f"etc_services: hash join on port, index over {rows} rows looked up {rows} times" in out


def test_a_plan_of_wrong_sql_is_an_error(shell) -> None:
    ran = shell(".plan SELECT * FROM nowhere")
    assert (ran.out, ran.err, ran.code) == ("", "Error: no such table: nowhere\n", 1)


def test_query_cost_tells_what_the_statements_before_cost(shell) -> None:
    script = (
        "SELECT uid FROM users;\nSELECT table_name, scans, rows > 0 AS some, bytes_read > 0 AS read FROM query_cost;"
    )
    ran = shell("--csv", "--header=false", script=script)
    assert ran.out.splitlines()[-1] == "users|1|1|1"


def test_a_statement_ends_when_its_time_is_over(shell) -> None:
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    ran = shell("--statement_timeout=1", numbers)
    assert (ran.code, ran.err) == (9, "Error: query timed out after 1 s\n")


def test_a_statement_ends_when_it_takes_too_much_memory(shell) -> None:
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 9000000)"
    ran = shell("--statement_memory=64", f"{numbers} SELECT hex(randomblob(200)) AS h FROM n ORDER BY h")
    assert (ran.code, ran.err) == (7, "Error: query used more than 64 MiB of memory\n")
