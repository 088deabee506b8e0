"""The cpu_time table."""

from __future__ import annotations

from leadline.linux import kernel
from leadline.sql.schema import BIGINT, INTEGER, LINUX, Column, Query, Rows, table


@table(
    "cpu_time",
    Column("core", INTEGER, "Number of the processor."),
    Column("user", BIGINT, "Time in programs, in ticks of 10 ms."),
    Column("nice", BIGINT, "Time in programs of lowered priority."),
    Column("system", BIGINT, "Time in the kernel."),
    Column("idle", BIGINT, "Time with nothing to do."),
    Column("iowait", BIGINT, "Time with nothing to do while waiting for a device."),
    Column("irq", BIGINT, "Time in interrupts."),
    Column("softirq", BIGINT, "Time in soft interrupts."),
    Column("steal", BIGINT, "Time that the hypervisor gave to other machines."),
    Column("guest", BIGINT, "Time that guests ran here; part of user."),
    Column("guest_nice", BIGINT, "Time that guests of lowered priority ran here; part of nice."),
    platforms=LINUX,
    examples=["SELECT core, 100.0 * idle / (user + nice + system + idle + iowait) AS idle_percent FROM cpu_time"],
    notes="From /proc/stat, in ticks of a hundredth of a second since the system started.",
)
def cpu_time(query: Query) -> Rows:
    """What each processor spent its time on since the system was started."""
    yield from kernel.processor_times(query.root)
