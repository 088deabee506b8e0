"""The load_average table."""

from __future__ import annotations

from leadline.linux import kernel
from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table

PERIODS = ("1m", "5m", "15m")


@table(
    "load_average",
    Column("period", TEXT, "What the average is over: 1m, 5m or 15m."),
    Column("average", TEXT, "Average number of tasks that run, want to run or wait for a device."),
    platforms=LINUX,
    examples=["SELECT period, CAST(average AS REAL) AS load FROM load_average"],
    notes="From getloadavg(3). On Linux tasks that wait for a disk count as well.",
)
def load_average(query: Query) -> Rows:
    """Load averages."""
    for period, average in zip(PERIODS, kernel.load(query.root), strict=False):
        yield period, f"{average:.6f}"
