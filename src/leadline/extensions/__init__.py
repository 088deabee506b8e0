"""Extensions: other programs' tables and plugins in this one, and the means to write such programs.

What is below is for authors. A table extension is a decorated function and :func:`run`; the same file works with
osqueryd and with Leadline's agent and shell, and without a process of its own in a directory that the flag
``tables_d`` names::

    from leadline.extensions import INTEGER, TEXT, Column, run, table

    @table("counting", Column("number", INTEGER, "A number."), Column("word", TEXT, "Its name."))
    def counting(query):
        \"\"\"The first numbers, in words.\"\"\"
        yield from enumerate(("none", "one", "two"))

    if __name__ == "__main__":
        run("counting", "1.0.0", counting)
"""

from leadline.extensions.authoring import Plugin, config, logger, run, table
from leadline.sql.schema import (
    BIGINT,
    BLOB,
    DOUBLE,
    INTEGER,
    TEXT,
    UNSIGNED_BIGINT,
    Column,
    Query,
    Rows,
    Table,
    Writer,
)  # fmt: skip

__all__ = [
    "BIGINT", "BLOB", "DOUBLE", "INTEGER", "TEXT", "UNSIGNED_BIGINT", "Column", "Plugin", "Query", "Rows", "Table",
    "Writer", "config", "logger", "run", "table",
]  # fmt: skip
