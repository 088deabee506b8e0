"""The acpi_tables table."""

from __future__ import annotations

from leadline.linux import acpi
from leadline.linux.digest import md5
from leadline.sql.schema import INTEGER, LINUX, TEXT, Column, Query, Rows, table


@table(
    "acpi_tables",
    Column("name", TEXT, "Signature of the table, with a number when there are several."),
    Column("size", INTEGER, "Size in bytes; -1 when it must not be read."),
    Column("md5", TEXT, "MD5 digest of the content.", collate="nocase"),
    platforms=LINUX,
    examples=["SELECT name, size, md5 FROM acpi_tables", "SELECT md5 FROM acpi_tables WHERE name = 'DSDT'"],
    notes=(
        "From /sys/firmware/acpi/tables, whose files only root may read. Tables that were loaded while the system ran"
        " are named `dynamic/...`; what tables point to is named `data/...`."
    ),
)
def acpi_tables(query: Query) -> Rows:
    """Tables that the firmware hands to the system by ACPI."""
    for name, content in acpi.tables(query.root):
        if content is None:
            yield name, -1
        else:
            yield name, len(content), md5(content)
