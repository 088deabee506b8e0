"""The memory_info table."""

from __future__ import annotations

from leadline.linux import kernel
from leadline.sql.schema import BIGINT, LINUX, Column, Query, Rows, table

FIELDS = (
    "MemTotal", "MemFree", "MemAvailable", "Buffers", "Cached", "SwapCached", "Active", "Inactive", "SwapTotal",
    "SwapFree",
)  # fmt: skip


@table(
    "memory_info",
    Column("memory_total", BIGINT, "Bytes of memory."),
    Column("memory_free", BIGINT, "Bytes that nothing uses."),
    Column("memory_available", BIGINT, "Estimate of the bytes that programs can get without swapping."),
    Column("buffers", BIGINT, "Bytes of raw device blocks."),
    Column("cached", BIGINT, "Bytes of the page cache."),
    Column("swap_cached", BIGINT, "Bytes that are in memory and in swap space alike."),
    Column("active", BIGINT, "Bytes used lately, reclaimed last."),
    Column("inactive", BIGINT, "Bytes not used lately, reclaimed first."),
    Column("swap_total", BIGINT, "Bytes of swap space."),
    Column("swap_free", BIGINT, "Bytes of swap space that nothing uses."),
    platforms=LINUX,
    examples=[
        "SELECT memory_total / 1048576 AS mib, 100 * memory_available / memory_total AS percent FROM memory_info"
    ],
    notes="From /proc/meminfo, in bytes.",
)
def memory_info(query: Query) -> Rows:
    """How memory and swap space are used."""
    memory = kernel.memory(query.root)
    if memory:
        yield tuple(memory.get(field) for field in FIELDS)
