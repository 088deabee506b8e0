"""The secureboot table."""

from __future__ import annotations

from leadline.linux import efi
from leadline.sql.schema import INTEGER, LINUX, MACOS, TEXT, WINDOWS, Column, Query, Rows, table


@table(
    "secureboot",
    Column("secure_boot", INTEGER, "1 when secure boot is on, 0 when it is off, -1 for a value that means neither."),
    Column("secure_mode", INTEGER, "0 for no security, 1 for full, 2 for medium.", platforms=MACOS),
    Column("description", TEXT, "The mode in words.", platforms=MACOS),
    Column("kernel_extensions", INTEGER, "1 when users may manage kernel extensions.", platforms=MACOS),
    Column("mdm_operations", INTEGER, "1 when a management server may manage kernel extensions.", platforms=MACOS),
    Column(
        "setup_mode",
        INTEGER,
        "1 when keys can be enrolled without a signature, 0 when not, -1 as above.",
        platforms=LINUX | WINDOWS,
    ),
    platforms=LINUX,
    examples=["SELECT secure_boot, setup_mode FROM secureboot"],
    notes=(
        "From the EFI variables SecureBoot and SetupMode in /sys/firmware/efi/efivars; NULL where that is not mounted."
        " Empty on machines that were not started by EFI."
    ),
)
def secureboot(query: Query) -> Rows:
    """Whether the firmware starts signed systems only; one row."""
    if efi.present(query.root):
        yield _switch(query.root, "SecureBoot"), _switch(query.root, "SetupMode")


def _switch(root: str, name: str) -> int | None:
    value = efi.variable(root, name)
    if not value:
        return None
    return value[0] if value[0] in (0, 1) else -1
