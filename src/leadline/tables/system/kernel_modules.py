"""The kernel_modules table."""

from __future__ import annotations

from leadline.linux import modules
from leadline.sql.schema import BIGINT, LINUX, TEXT, Column, Query, Rows, table


@table(
    "kernel_modules",
    Column("name", TEXT, "Name of the module."),
    Column("size", BIGINT, "Memory it takes, in bytes."),
    Column("used_by", TEXT, "Modules that use it, separated by commas; `-` for none."),
    Column("status", TEXT, "Live, Loading or Unloading."),
    Column("address", TEXT, "Where it lies in the kernel's memory, in hexadecimal."),
    platforms=LINUX,
    examples=[
        "SELECT name, size, used_by FROM kernel_modules ORDER BY size DESC LIMIT 10",
        "SELECT name FROM kernel_modules WHERE name IN ('usb_storage', 'firewire_core', 'dccp', 'sctp')",
    ],
    notes=(
        "From /proc/modules; the module that was loaded last comes first. Addresses are 0 without root. A kernel that"
        " has all its drivers built in lists none."
    ),
)
def kernel_modules(query: Query) -> Rows:
    """Modules that are loaded into the kernel."""
    for module in modules.loaded(query.root):
        yield module.name, module.size, module.used_by, module.status, module.address
