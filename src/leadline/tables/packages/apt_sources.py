"""The apt_sources table."""

from __future__ import annotations

from leadline.linux import aptsources
from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table
from leadline.tables import namespaces
from leadline.tables.namespaces import PID_WITH_NAMESPACE


@table(
    "apt_sources",
    Column("name", TEXT, "Address of the archive without its scheme, and the suite."),
    Column("source", TEXT, "File that names the source."),
    Column("base_uri", TEXT, "Address of the archive."),
    Column("release", TEXT, "Code name of the release, by the archive's own account."),
    Column("version", TEXT, "Version of the release.", collate="version_dpkg"),
    Column("maintainer", TEXT, "Origin of the release: who publishes it."),
    Column("components", TEXT, "Components the archive has, separated by spaces."),
    Column("architectures", TEXT, "Architectures the archive has packages for, separated by spaces."),
    PID_WITH_NAMESPACE,
    platforms=LINUX,
    examples=[
        "SELECT name, maintainer, release FROM apt_sources",
        "SELECT source, base_uri FROM apt_sources WHERE base_uri LIKE 'http://%'",
    ],
    notes=(
        "From `/etc/apt/sources.list` and the `.list` and `.sources` files of `/etc/apt/sources.list.d`, joined"
        " with the Release files in `/var/lib/apt/lists`. A source has no row before `apt update` has fetched its"
        " Release file. Sources of source code and disabled ones are left out."
    ),
)
def apt_sources(query: Query) -> Rows:
    """Archives that apt takes packages from."""
    for root, end in namespaces.roots(query):
        for source in aptsources.sources(root):
            fields = aptsources.release(root, source)
            if fields is None:
                continue
            yield (
                source.name,
                source.file,
                source.uri,
                fields.get("Codename"),
                fields.get("Version"),
                fields.get("Origin"),
                fields.get("Components"),
                fields.get("Architectures"),
                *end[:1],
            )
