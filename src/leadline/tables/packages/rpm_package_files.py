"""The rpm_package_files table."""

from __future__ import annotations

from leadline.linux import rpmdb, rpmheader
from leadline.sql.schema import BIGINT, LINUX, TEXT, Column, Query, Rows, table


@table(
    "rpm_package_files",
    Column("package", TEXT, "Name of the package.", index=True, optimized=True),
    Column("path", TEXT, "Path the file is installed at.", index=True),
    Column("username", TEXT, "Name of the user that owns it, as packaged."),
    Column("groupname", TEXT, "Name of the group it belongs to, as packaged."),
    Column("mode", TEXT, "Permissions as packaged, four octal digits."),
    Column("size", BIGINT, "Size as packaged, in bytes."),
    Column("sha256", TEXT, "SHA-256 as packaged; empty for what is no regular file.", collate="nocase"),
    platforms=LINUX,
    examples=[
        "SELECT package FROM rpm_package_files WHERE path = '/usr/bin/ssh'",
        "SELECT path, mode FROM rpm_package_files WHERE package = 'sudo' AND mode LIKE '4%'",
    ],
    notes=(
        "From rpm's own database, see `rpm_packages`. These are the package's claims, not what lies on the disk."
        " Packages with digests of another kind (MD5, before 2009) have no sha256."
    ),
)  # fmt: skip
def rpm_package_files(query: Query) -> Rows:
    """Files of the packages that rpm has installed."""
    names, paths = query.equals("package"), query.equals("path")
    wanted = None if names is None else frozenset(name for name in names if isinstance(name, str))
    path = paths[0] if paths and len(paths) == 1 and isinstance(paths[0], str) else None
    for header in rpmdb.packages(query.root, query.warn, wanted, path):
        package = header.text(rpmheader.NAME)
        if query.cancelled():
            return
        for file, user, group, mode, size, digest in header.files():
            yield package, file, user, group, None if mode is None else f"{mode & 0o7777:04o}", size, digest
