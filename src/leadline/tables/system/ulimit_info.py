"""The ulimit_info table."""

from __future__ import annotations

from leadline.linux import limits
from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table


@table(
    "ulimit_info",
    Column("type", TEXT, "Name of the resource, such as `nofile` for open files."),
    Column("soft_limit", TEXT, "Limit that holds now; `unlimited` for none."),
    Column("hard_limit", TEXT, "Limit up to which the soft one may be raised; `unlimited` for none."),
    platforms=LINUX,
    live=True,
    asks="the running kernel",
    examples=["SELECT type, soft_limit FROM ulimit_info WHERE type IN ('nofile', 'core')"],
    notes=(
        "From getrlimit(2), in the kernel's units: bytes, seconds of processor time, or counts. These are the limits"
        " of the process that runs the query, and what it would hand on to its children."
    ),
)
def ulimit_info(_: Query) -> Rows:
    """Resource limits of the process that runs the query."""
    for name, soft, hard in limits.own():
        yield name, _text(soft), _text(hard)


def _text(limit: int | None) -> str:
    return "unlimited" if limit is None else str(limit)
