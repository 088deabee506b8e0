"""The smbios_tables table."""

from __future__ import annotations

from leadline.linux import smbios, smbios_names
from leadline.linux.digest import md5
from leadline.sql.schema import INTEGER, LINUX, TEXT, Column, Query, Rows, table


@table(
    "smbios_tables",
    Column("number", INTEGER, "Place in the table, from 0."),
    Column("type", INTEGER, "Type of the structure; 128 and above are the maker's own."),
    Column("description", TEXT, "What the type stands for; `Unknown` for those without a name."),
    Column("handle", INTEGER, "Handle of the structure, by which others refer to it."),
    Column("header_size", INTEGER, "Size of the formatted part, in bytes."),
    Column("size", INTEGER, "Size of the whole structure with its strings, in bytes."),
    Column("md5", TEXT, "MD5 digest of the whole structure.", collate="nocase"),
    platforms=LINUX,
    examples=[
        "SELECT number, type, description, size FROM smbios_tables",
        "SELECT description, count(*) AS structures FROM smbios_tables GROUP BY type",
    ],
    notes=(
        "From /sys/firmware/dmi/tables/DMI, which only root may read, or on kernels without it from the table in"
        " /dev/mem."
        " Empty on machines whose firmware has no SMBIOS."
    ),
)
def smbios_tables(query: Query) -> Rows:
    """Structures of the firmware's SMBIOS table, also known as DMI."""
    for structure in smbios.structures(query.root):
        yield (
            structure.number,
            structure.type,
            smbios_names.TYPES.get(structure.type, "Unknown"),
            structure.handle,
            structure.length,
            len(structure.data),
            md5(structure.data),
        )
