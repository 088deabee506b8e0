"""The magic table."""

from __future__ import annotations

from leadline.linux import isolated, libmagic, rooted, walk
from leadline.linux.text import clean
from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.files import selection

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SECONDS = 30  # over one file
_MEGABYTES = 512


@table(
    "magic",
    Column("path", TEXT, "Path of the file.", required=True, index=True),
    Column(
        "magic_db_files", TEXT, "Databases it is compared with, separated by colons; name others to use.",
        additional=True,
    ),
    Column("data", TEXT, "What the file is, in words."),
    Column("mime_type", TEXT, "MIME type."),
    Column("mime_encoding", TEXT, "Character encoding of text, else `binary`."),
    platforms=LINUX,
    examples=[
        "SELECT path, data, mime_type FROM magic WHERE path = '/bin/sh'",
        "SELECT path, mime_type FROM magic WHERE path LIKE '/etc/%' AND mime_encoding = 'binary'",
    ],
    notes="Told by libmagic, which comes with Leadline together with its database. It runs in a process of its own and"
    " with limits: a file that makes it crash has no row and is named in a warning.",
)  # fmt: skip
def magic(query: Query) -> Rows:
    """What files are, judged by their content."""
    home = libmagic.home()
    if home is None:
        query.warn("libmagic is missing: install the Python package pylibmagic")
        return
    named = query.equals("magic_db_files")
    databases = f"{home}/magic.mgc" if named is None else ":".join(one for one in named if isinstance(one, str))

    def failed(item: Sequence[str], reason: str) -> None:
        query.warn(f"{clean(item[1])}: libmagic {reason}")

    try:
        for (_, path), found in isolated.answers(
            "leadline.linux.libmagic",
            (f"{home}/libmagic.so.1", databases),
            _places(query),
            query.cancelled,
            _SECONDS,
            _MEGABYTES,
            failed=failed,
            warn=query.warn,
        ):
            for row in found:
                yield clean(path), databases, *row
    except isolated.ChildError as error:
        query.warn(f"libmagic {error}")


def _places(query: Query) -> Iterator[tuple[str, str]]:
    """Where the files that are asked for lie, and their paths. A link is told as one, not as what it leads to."""
    for path, entry in selection.by_path(query.root, query):
        if entry or walk.exists(query.root, path):
            yield isolated.place(rooted.path(query.root, path, follow=False)), path
