"""The portage_use table."""

from __future__ import annotations

from leadline.linux import portage
from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table


@table(
    "portage_use",
    Column("package", TEXT, "Category and name of the package."),
    Column("version", TEXT, "Version, with the revision of the ebuild.", collate="version"),
    Column("use", TEXT, "Use flag it was built with."),
    platforms=LINUX,
    examples=["SELECT package, version FROM portage_use WHERE use = 'suid'"],
    notes=(
        "From the file `USE` of each package in `/var/db/pkg`: the flags at the time it was built. One row for"
        " each flag."
    ),
)
def portage_use(query: Query) -> Rows:
    """Use flags that installed Gentoo packages were built with."""
    for package in portage.packages(query.root):
        for flag in (package.value(query.root, "USE") or "").split():
            yield package.name, package.version, flag
