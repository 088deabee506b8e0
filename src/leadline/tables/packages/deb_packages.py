"""The deb_packages table."""

from __future__ import annotations

from leadline.linux import dpkg
from leadline.sql.schema import BIGINT, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables import namespaces
from leadline.tables.namespaces import MOUNT_NAMESPACE_ID, PID_WITH_NAMESPACE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.sql.schema import Value

_FIELDS = {
    "name": "Package",
    "version": "Version",
    "source": "Source",
    "size": "Installed-Size",
    "arch": "Architecture",
    "revision": "Version",
    "status": "Status",
    "maintainer": "Maintainer",
    "section": "Section",
    "priority": "Priority",
}
_SIZE, _REVISION = 3, 5  # places of the columns whose values are made from the fields


@table(
    "deb_packages",
    Column("name", TEXT, "Name of the package."),
    Column("version", TEXT, "Full version, with epoch and Debian revision.", collate="version_dpkg"),
    Column("source", TEXT, "Source package it was built from, when that has another name or version."),
    Column("size", BIGINT, "Space it takes when installed, in KiB."),
    Column("arch", TEXT, "Architecture it was built for, or `all`."),
    Column("revision", TEXT, "Debian revision: what follows the last hyphen of the version."),
    Column("status", TEXT, "What is wanted, whether there is an error, and the state, such as `install ok installed`."),
    Column("maintainer", TEXT, "Who looks after the package."),
    Column("section", TEXT, "Section of the archive it belongs to."),
    Column("priority", TEXT, "How important the distribution takes it to be, such as `required` or `optional`."),
    Column("admindir", TEXT, "Directory of dpkg's database; name another to read it.", additional=True, optimized=True),
    PID_WITH_NAMESPACE,
    MOUNT_NAMESPACE_ID,
    platforms=LINUX,
    cacheable=True,
    examples=[
        "SELECT name, version, arch FROM deb_packages WHERE name LIKE 'openssh%'",
        "SELECT name, version FROM deb_packages WHERE name = 'openssl' AND version < '3.0.15' COLLATE version_dpkg",
    ],
    notes=(
        "From dpkg's status file. Packages that were removed but whose configuration is still there are listed"
        " too: see status."
    ),
)  # fmt: skip
def deb_packages(query: Query) -> Rows:
    """Packages that dpkg has installed, or whose configuration it still keeps."""
    wanted = [column if query.uses(column) else None for column in _FIELDS]
    fields = [_FIELDS[column] for column in wanted if column is not None and column != "revision"] or ["Package"]
    if query.uses("revision") and "Version" not in fields:
        fields.append("Version")
    places = [fields.index(_FIELDS[column]) if column is not None else None for column in wanted]
    for admindir in query.equals("admindir") or (dpkg.ADMINDIR,):
        if not isinstance(admindir, str):
            continue
        for root, end in namespaces.roots(query):
            for values in dpkg.packages(root, admindir, fields):
                row: list[Value] = [None if place is None else values[place] for place in places]
                if row[_SIZE] is not None:
                    row[_SIZE] = _number(values[places[_SIZE] or 0])
                if row[_REVISION] is not None:
                    row[_REVISION] = dpkg.revision(values[places[_REVISION] or 0])
                yield (*row, admindir, *end)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
