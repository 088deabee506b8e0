"""The augeas table."""

from __future__ import annotations

import os

from leadline.linux import isolated
from leadline.sql.schema import LIKE, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.osquery import runtime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LENSES = "/opt/osquery/share/osquery/lenses"
_DISTRIBUTION = "/usr/share/augeas/lenses/dist"
_SECONDS = 60
_MEGABYTES = 1024
_EVERYTHING = "/files//*"
_SPECIAL = frozenset(" \t\n\\[]()|,=!*'\"")  # to a path expression


@table(
    "augeas",
    Column("node", TEXT, "Path of the node in the tree, such as `/files/etc/hosts/1/ipaddr`.", index=True),
    Column("value", TEXT, "Value of the node."),
    Column("label", TEXT, "Last part of the node's path."),
    Column("path", TEXT, "File that the node comes from.", additional=True),
    platforms=LINUX,
    aliases=["configurations"],
    examples=[
        "SELECT label, value FROM augeas WHERE path = '/etc/hosts'",
        "SELECT node, value FROM augeas WHERE node LIKE '/files/etc/ssh/sshd_config/%'",
    ],
    notes="Parsed by libaugeas (`libaugeas.so.0`, Debian's libaugeas0) with the lenses in the directory that the flag"
    " `augeas_lenses` names, else those of the distribution (augeas-lenses). Unless a file is named, all files that"
    " there are lenses for are read, which takes a second. Needs root for files that not everybody may read.",
)
def augeas(query: Query) -> Rows:
    """Configuration files of many formats, each taken apart into a tree of nodes."""
    lenses = _lenses(runtime.text(query, "augeas_lenses", _LENSES))
    if lenses is None:
        query.warn("No Augeas lenses: neither the flag augeas_lenses nor Debian's augeas-lenses provides any")
        return
    expressions = sorted({*_of_nodes(query), *_of_paths(query)})
    named = query.equals("path") or ()
    only_files = named and not query.matching("path") and "node" not in query.constraints
    arguments = [isolated.place(query.root), lenses, "|".join(expressions) or _EVERYTHING]
    if only_files:
        arguments += [path for path in named if isinstance(path, str) and path]
    try:
        yield from isolated.rows(
            "leadline.linux.augeas", arguments, query.cancelled, _SECONDS, _MEGABYTES, warn=query.warn
        )
    except isolated.ChildError as error:
        query.warn(f"libaugeas {error}")


def _lenses(flag: str) -> str | None:
    """The directories of lenses, separated by colons, that are there."""
    for directories in (flag, _DISTRIBUTION):
        found = [one for one in directories.split(":") if os.path.isdir(one)]
        if found:
            return ":".join(found)
    return None


def _of_nodes(query: Query) -> Iterator[str]:
    """Expressions for what the constraints on node allow. A node's path is an expression as it stands."""
    yield from (node for node in query.equals("node") or () if isinstance(node, str) and node)
    for operator, value in query.matching("node"):
        if operator == LIKE and isinstance(value, str) and value:
            expression, partial = _expression(value, str)
            yield expression
            if partial:
                yield f"{expression}//*"


def _of_paths(query: Query) -> Iterator[str]:
    """The same for path: files with all that is in them, below /files."""
    for path in query.equals("path") or ():
        if isinstance(path, str) and path:
            yield from (f"/files{_escaped(path)}", f"/files{_escaped(path)}//*")
    for operator, value in query.matching("path"):
        if operator == LIKE and isinstance(value, str) and value:
            expression, partial = _expression(value, _escaped)
            yield f"/files{expression}"
            if partial or not expression.endswith("*"):
                yield f"/files{expression}//*"


def _expression(pattern: str, escape: Callable[[str], str]) -> tuple[str, bool]:
    """A LIKE pattern as an expression, and whether its last name was only matched in part.

    `%` for a name is `*`, a trailing `%%` is `//*`. Augeas cannot match a part of a name, so such a one matches any:
    SQLite holds what comes of it against the pattern.
    """
    names = pattern.split("/")
    wild = ["/*" if name == "%%" else "*" if "%" in name else escape(name) for name in names]
    return "/".join(wild), "%" in names[-1] and names[-1].strip("%") != ""


def _escaped(text: str) -> str:
    return "".join(f"\\{character}" if character in _SPECIAL else character for character in text)
