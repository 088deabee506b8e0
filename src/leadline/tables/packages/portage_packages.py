"""The portage_packages table."""

from __future__ import annotations

from leadline.linux import portage
from leadline.sql.schema import BIGINT, INTEGER, LINUX, TEXT, Column, Query, Rows, table


@table(
    "portage_packages",
    Column("package", TEXT, "Category and name of the package."),
    Column("version", TEXT, "Version, with the revision of the ebuild.", collate="version"),
    Column("slot", TEXT, "Slot it is installed in."),
    Column("build_time", BIGINT, "When it was built, in seconds since 1970."),
    Column("repository", TEXT, "Repository the ebuild came from."),
    Column("eapi", BIGINT, "Version of the ebuild interface it was built with."),
    Column("size", BIGINT, "Space its files take, in bytes."),
    Column("world", INTEGER, "1 when it was asked for by name, 0 when it came along with others."),
    platforms=LINUX,
    examples=["SELECT package, version FROM portage_packages WHERE world = 1"],
    notes="From `/var/db/pkg` and `/var/lib/portage/world`. Empty on systems other than Gentoo.",
)
def portage_packages(query: Query) -> Rows:
    """Packages that portage has installed."""
    asked = portage.world(query.root) if query.uses("world") else frozenset()
    for package in portage.packages(query.root):
        yield (
            package.name,
            package.version,
            package.value(query.root, "SLOT") if query.uses("slot") else None,
            package.number(query.root, "BUILD_TIME") if query.uses("build_time") else None,
            package.value(query.root, "repository") if query.uses("repository") else None,
            package.number(query.root, "EAPI") if query.uses("eapi") else None,
            package.number(query.root, "SIZE") if query.uses("size") else None,
            int(package.name in asked),
        )
