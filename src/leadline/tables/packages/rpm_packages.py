"""The rpm_packages table."""

from __future__ import annotations

from leadline.linux import rpmdb, rpmheader
from leadline.linux.rpmheader import signed
from leadline.sql.schema import BIGINT, INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables import namespaces
from leadline.tables.namespaces import MOUNT_NAMESPACE_ID, PID_WITH_NAMESPACE

_TEXTS = {
    "name": rpmheader.NAME,
    "version": rpmheader.VERSION,
    "release": rpmheader.RELEASE,
    "source": rpmheader.SOURCE,
    "sha1": rpmheader.SHA1,
    "arch": rpmheader.ARCH,
    "vendor": rpmheader.VENDOR,
    "package_group": rpmheader.GROUP,
}


@table(
    "rpm_packages",
    Column("name", TEXT, "Name of the package.", index=True, optimized=True),
    Column("version", TEXT, "Version of what is packaged.", index=True, collate="version_rhel"),
    Column("release", TEXT, "Release of the package for that version.", index=True),
    Column("source", TEXT, "File name of the source package it was built from."),
    Column("size", BIGINT, "Space its files take, in bytes."),
    Column("sha1", TEXT, "SHA-1 of the package's header.", collate="nocase"),
    Column("arch", TEXT, "Architecture it was built for, or `noarch`.", index=True),
    Column("epoch", INTEGER, "Epoch, which goes before the version when versions are compared.", index=True),
    Column("install_time", INTEGER, "When it was installed, in seconds since 1970."),
    Column("vendor", TEXT, "Organisation that built the package."),
    Column("package_group", TEXT, "Group the package was put in; `Unspecified` in most of today's."),
    PID_WITH_NAMESPACE,
    MOUNT_NAMESPACE_ID,
    platforms=LINUX,
    cacheable=True,
    examples=[
        "SELECT name, version, release, arch FROM rpm_packages WHERE name = 'openssl'",
        "SELECT name, vendor FROM rpm_packages WHERE vendor NOT LIKE '%Fedora%'",
    ],
    notes=(
        "From rpm's own database, read without librpm: SQLite (also with a write-ahead log), ndb or Berkeley DB, in"
        " `/var/lib/rpm`, `/usr/lib/sysimage/rpm` or `/usr/share/rpm`. Nothing is locked or written. Imported signing"
        " keys are packages there, named `gpg-pubkey`."
    ),
)  # fmt: skip
def rpm_packages(query: Query) -> Rows:
    """Packages that rpm has installed."""
    names = query.equals("name")
    wanted = None if names is None else frozenset(name for name in names if isinstance(name, str))
    texts = {column: tag if query.uses(column) else None for column, tag in _TEXTS.items()}
    for root, end in namespaces.roots(query):
        for header in rpmdb.packages(root, query.warn, wanted):
            name, version, release, source, sha1, arch, vendor, group = (
                None if tag is None else header.text(tag) for tag in texts.values()
            )
            size = header.number(rpmheader.LONG_SIZE)
            yield (
                name,
                version,
                release,
                source,
                signed(header.number(rpmheader.SIZE) if size is None else size),
                sha1,
                arch,
                header.number(rpmheader.EPOCH),
                header.number(rpmheader.INSTALL_TIME),
                vendor,
                group,
                *end,
            )
