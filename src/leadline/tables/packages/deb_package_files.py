"""The deb_package_files table."""

from __future__ import annotations

from leadline.linux import dpkg
from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table


@table(
    "deb_package_files",
    Column("package", TEXT, "Name of the package, without an architecture.", index=True, optimized=True),
    Column("path", TEXT, "Path of a file or directory the package installs.", index=True),
    Column("admindir", TEXT, "Directory of dpkg's database; name another to read it.", additional=True, optimized=True),
    platforms=LINUX,
    examples=[
        "SELECT package FROM deb_package_files WHERE path = '/usr/bin/env'",
        "SELECT path FROM deb_package_files WHERE package = 'dpkg' AND path LIKE '/etc/%'",
    ],
    notes=(
        "From the lists in `info` of dpkg's directory, those named with an architecture such as `libc6:amd64` among"
        " them. Paths are as packaged: a diversion or a link such as `/bin` is not followed. For distroless images,"
        " which have no lists, from their lists of MD5 sums."
    ),
)  # fmt: skip
def deb_package_files(query: Query) -> Rows:
    """Files and directories of the packages that dpkg has installed."""
    names, paths = query.equals("package"), query.equals("path")
    packages = None if names is None else frozenset(name for name in names if isinstance(name, str))
    wanted = None if paths is None else frozenset(path for path in paths if isinstance(path, str))
    for admindir in query.equals("admindir") or (dpkg.ADMINDIR,):
        if not isinstance(admindir, str):
            continue
        for package, path in dpkg.files_of(query.root, admindir, packages, wanted):
            yield package, path, admindir
