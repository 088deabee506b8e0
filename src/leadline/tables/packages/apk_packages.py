"""The apk_packages table."""

from __future__ import annotations

from leadline.linux import apk
from leadline.sql.schema import BIGINT, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables import namespaces
from leadline.tables.namespaces import MOUNT_NAMESPACE_ID, PID_WITH_NAMESPACE


@table(
    "apk_packages",
    Column("name", TEXT, "Name of the package."),
    Column("version", TEXT, "Version, with Alpine's revision behind `-r`.", collate="version"),
    Column("arch", TEXT, "Architecture it was built for, or `noarch`."),
    Column("size", BIGINT, "Size of the package file, in bytes."),
    Column("installed_size", BIGINT, "Space its files take, in bytes."),
    Column("origin", TEXT, "Package it was built together with and named after."),
    Column("maintainer", TEXT, "Who looks after the package."),
    Column("license", TEXT, "Licence, as an SPDX expression."),
    Column("url", TEXT, "Address of the project's page."),
    Column("description", TEXT, "What the package is for, in a sentence."),
    Column("build_time", BIGINT, "When it was built, in seconds since 1970."),
    Column("commit", TEXT, "Commit of Alpine's package tree it was built from."),
    PID_WITH_NAMESPACE,
    MOUNT_NAMESPACE_ID,
    platforms=LINUX,
    ours=True,
    cacheable=True,
    examples=[
        "SELECT name, version FROM apk_packages WHERE origin = 'openssl'",
        "SELECT name, license FROM apk_packages WHERE license LIKE '%GPL%'",
    ],
    notes=(
        "From `/lib/apk/db/installed`, or the same below `/usr`. Empty on systems without apk; containers made"
        ' from Alpine answer with `pid_with_namespace`. `commit` is a word of SQL: write `"commit"`.'
    ),
)  # fmt: skip
def apk_packages(query: Query) -> Rows:
    """Packages that apk has installed on an Alpine system."""
    for root, end in namespaces.roots(query):
        for fields in apk.packages(root):
            value = fields.get
            yield (
                value("P"),
                value("V"),
                value("A"),
                _number(value("S")),
                _number(value("I")),
                value("o"),
                value("m"),
                value("L"),
                value("U"),
                value("T"),
                _number(value("t")),
                value("c"),
                *end,
            )


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None
