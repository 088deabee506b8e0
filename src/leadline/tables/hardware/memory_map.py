"""The memory_map table."""

from __future__ import annotations

from leadline.linux import iomem
from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table


@table(
    "memory_map",
    Column("name", TEXT, "What the region is used for."),
    Column("start", TEXT, "First address of the region, hexadecimal."),
    Column("end", TEXT, "Last address of the region, hexadecimal."),
    platforms=LINUX,
    examples=[
        "SELECT name, start, \"end\" FROM memory_map WHERE name LIKE 'Kernel%'",
        "SELECT count(*) AS regions FROM memory_map WHERE name = 'System RAM'",
    ],
    notes=(
        "From /proc/iomem; regions within others follow them. The kernel shows addresses to root only: for other users"
        " they are all 0."
    ),
)
def memory_map(query: Query) -> Rows:
    """Regions of the physical address space and what the kernel uses them for."""
    for name, start, end in iomem.regions(query.root):
        yield name, f"0x{start}", f"0x{end}"
