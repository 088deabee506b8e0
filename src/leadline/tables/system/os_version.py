"""The os_version table."""

from __future__ import annotations

from leadline.linux import machine, osrelease
from leadline.sql.schema import BIGINT, INTEGER, LINUX, MACOS, TEXT, WINDOWS, Column, Query, Rows, table
from leadline.tables import namespaces
from leadline.tables.namespaces import MOUNT_NAMESPACE_ID, PID_WITH_NAMESPACE


@table(
    "os_version",
    Column("name", TEXT, "Name of the distribution or product."),
    Column("version", TEXT, "Version as its makers write it.", collate="version"),
    Column("major", INTEGER, "First number of the version."),
    Column("minor", INTEGER, "Second number of the version; 0 without one."),
    Column("patch", INTEGER, "Third number of the version; 0 without one."),
    Column("build", TEXT, "Build of the image, where one is named."),
    Column("platform", TEXT, "Short name of the distribution, such as `debian`."),
    Column("platform_like", TEXT, "Short names of the distributions it is close to."),
    Column("codename", TEXT, "Code name of the release."),
    Column("arch", TEXT, "Architecture, as uname(2) names it."),
    Column("extra", TEXT, "Supplemental version, such as a rapid security response.", platforms=MACOS),
    Column("install_date", BIGINT, "When the system was installed, in seconds since 1970.", platforms=WINDOWS),
    Column("revision", INTEGER, "Update build revision.", platforms=WINDOWS),
    PID_WITH_NAMESPACE,
    MOUNT_NAMESPACE_ID,
    platforms=LINUX,
    examples=["SELECT name, version, codename, arch FROM os_version"],
    notes=(
        "From os-release, with the kernel's architecture. Red Hat's and Gentoo's own release files say more about"
        " name and version and win."
    ),
)  # fmt: skip
def os_version(query: Query) -> Rows:
    """The operating system's name and version; one row."""
    for root, end in namespaces.roots(query):
        release = osrelease.read(root)
        yield (
            release.name, release.version, release.major, release.minor, release.patch, release.build,
            release.platform, release.platform_like, release.codename, machine.name(query.root), *end,
        )  # fmt: skip
