"""The kernel_info table."""

from __future__ import annotations

from leadline.linux import kernel
from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table


@table(
    "kernel_info",
    Column("version", TEXT, "Release of the kernel.", collate="version"),
    Column("arguments", TEXT, "Arguments it was started with, without those of the next two columns."),
    Column("path", TEXT, "Path of its image, from BOOT_IMAGE=."),
    Column("device", TEXT, "Device of the root file system, from root=."),
    platforms=LINUX,
    cacheable=True,
    examples=["SELECT version, arguments FROM kernel_info"],
    notes="From /proc/cmdline and /proc/version.",
)
def kernel_info(query: Query) -> Rows:
    """The kernel that runs."""
    version = kernel.release(query.root)
    arguments = kernel.arguments(query.root)
    if version is None and arguments is None:
        return
    path = device = None
    others = []
    for argument in arguments or ():
        name, _, value = argument.partition("=")
        if name == "BOOT_IMAGE":
            path = value
        elif name == "root":
            device = value
        else:
            others.append(argument)
    yield version, " ".join(others), path, device
