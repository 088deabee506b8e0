"""The portage_keywords table."""

from __future__ import annotations

from leadline.linux import portage
from leadline.sql.schema import INTEGER, LINUX, TEXT, Column, Query, Rows, table


@table(
    "portage_keywords",
    Column("package", TEXT, "Category and name of the package."),
    Column("version", TEXT, "Version the setting is for, after `<`, `>` or `~`; empty for all.", collate="version"),
    Column("keyword", TEXT, "Keywords that are accepted for it, separated by spaces."),
    Column("mask", INTEGER, "1 when the package must not be installed."),
    Column("unmask", INTEGER, "1 when it may be installed although it is masked elsewhere."),
    platforms=LINUX,
    examples=["SELECT package, version, keyword FROM portage_keywords WHERE unmask = 1 OR keyword LIKE '%~%'"],
    notes=(
        "From `package.keywords`, `package.accept_keywords`, `package.mask` and `package.unmask` in"
        " `/etc/portage`, each a file or a directory. One row for each package and version they name."
    ),
)
def portage_keywords(query: Query) -> Rows:
    """What the administrator of a Gentoo system allows and forbids portage to install."""
    for atom, setting in portage.settings(query.root).items():
        package, version = portage.split(atom)
        yield package, version, setting.keywords, int(setting.mask), int(setting.unmask)
