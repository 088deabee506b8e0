"""The yara_file table."""

from __future__ import annotations

from leadline.linux import isolated
from leadline.linux.text import clean
from leadline.sql.schema import INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables import namespaces
from leadline.tables.files import selection, signatures
from leadline.tables.namespaces import PID_WITH_NAMESPACE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@table(
    "yara_file",
    Column("path", TEXT, "Path of the file.", required=True, index=True),
    signatures.MATCHES,
    Column("count", INTEGER, "Number of rules that match."),
    signatures.SIG_GROUP,
    signatures.SIGFILE,
    signatures.SIGRULE,
    signatures.STRINGS,
    signatures.TAGS,
    signatures.SIGURL,
    PID_WITH_NAMESPACE,
    platforms=LINUX,
    aliases=["yara"],
    examples=[
        "SELECT path, matches, tags FROM yara_file WHERE path LIKE '/etc/cron.d/%'"
        """ AND sigrule = 'rule fetches : net { strings: $a = "curl " $b = "wget " condition: any of them }'""",
        "SELECT path FROM yara_file WHERE path = '/bin/sh' AND count > 0"
        " AND sigrule = 'rule elf { condition: uint32(0) == 0x464c457f }'",
    ],
    notes="Scanned by YARA-X, whose rules are those of YARA, in a process of its own: at most a minute a file, none"
    " larger than the flag `read_max`, with a pause of `yara_delay` milliseconds between two. Rules in a statement or"
    " from an address show no strings unless `enable_yara_string` is set. Rule files compiled before are not read.",
)
def yara_file(query: Query) -> Rows:
    """Regular files and the YARA rules that match their content; a statement names both files and rules."""
    for root, end in namespaces.roots(query):
        for (_, _, path), row in signatures.scan(query, _targets(root, query)):
            yield (path, *row, *end[:1])


def _targets(root: str, query: Query) -> Iterator[tuple[str, str, str]]:
    for path, entry in selection.by_path(root, query):
        if not path.endswith("/") and (place := selection.regular(root, path, entry)):
            yield "file", isolated.place(place), clean(path)
