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
_COLUMNS = [*_FIELDS, "admindir"]


@table(
    "deb_packages",
    Column("name", TEXT, "Name of the package."),
    Column("version", TEXT, "Full version, with epoch and Debian revision.", collate="version_dpkg"),
    Column("source", TEXT, "Source package it was built from, when that has another name or version."),
    Column("size", BIGINT, "Space it takes when installed, in KiB."),
    Column("arch", TEXT, "Architecture it was built for, or `all`."),
    Column("revision", TEXT, "Debian revision: what follows the last hyphen of the version."),
    Column("status", TEXT, "What is wanted, whether an error is noted, and the state, as dpkg has them."),
    Column("maintainer", TEXT, "Who looks after the package."),
    Column("section", TEXT, "Section of the archive it belongs to."),
    Column("priority", TEXT, "How important the distribution takes it to be."),
    Column("admindir", TEXT, "Directory of dpkg's database; name another to read it.", additional=True, optimized=True),
    PID_WITH_NAMESPACE,
    MOUNT_NAMESPACE_ID,
    platforms=LINUX,
    cacheable=True,
    examples=[
        "SELECT name, version, arch FROM deb_packages WHERE name LIKE 'openssh%'",
        "SELECT name, version FROM deb_packages WHERE name = 'openssl' AND version < '3.0.15' COLLATE version_dpkg",
    ],
)  # fmt: skip
def deb_packages(query: Query) -> Rows:
    """Packages that dpkg has installed, or whose configuration it still keeps."""
    wanted = [column for column in _COLUMNS if query.uses(column)]
    fields = list(dict.fromkeys(_FIELDS[column] for column in wanted if column in _FIELDS)) or ["Package"]
    for admindir in query.equals("admindir") or (dpkg.ADMINDIR,):
        if not isinstance(admindir, str):
            continue
        for root, end in namespaces.roots(query):
            for values in dpkg.packages(root, admindir, fields):
                yield _row(wanted, dict(zip(fields, values, strict=True)), admindir) + end


def _row(wanted: list[str], values: dict[str, str], admindir: str) -> tuple[Value, ...]:
    row: dict[str, Value] = {}
    for column in wanted:
        if column == "admindir":
            row[column] = admindir
        elif column == "size":
            row[column] = _number(values["Installed-Size"])
        elif column == "revision":
            row[column] = dpkg.revision(values["Version"])
        else:
            row[column] = values[_FIELDS[column]]
    return tuple(row.get(column) for column in _COLUMNS)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None
