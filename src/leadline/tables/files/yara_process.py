"""The yara_process table."""

from __future__ import annotations

from leadline.linux import proc
from leadline.sql.schema import INTEGER, LINUX, Column, Query, Rows, table
from leadline.tables import namespaces
from leadline.tables.files import signatures
from leadline.tables.namespaces import PID_WITH_NAMESPACE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@table(
    "yara_process",
    Column("pid", INTEGER, "Process id.", required=True, index=True),
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
    live=True,
    examples=[
        "SELECT y.pid, y.matches FROM processes p CROSS JOIN yara_process y USING (pid) WHERE p.name = 'sshd'"
        """ AND y.sigrule = 'rule backdoor { strings: $a = "/dev/tcp/" condition: $a }'""",
    ],
    notes="Scanned by YARA-X in a process of its own; needs root for others' processes. Memory is scanned in pieces of"
    " 64 MiB, up to 4 GiB, and a rule matches when it does in one of them; memory that was never touched is left out."
    " Offsets of strings are addresses. See yara_file for the rules.",
)
def yara_process(query: Query) -> Rows:
    """Processes and the YARA rules that match their memory; a statement names both processes and rules."""
    if query.root:
        query.warn("yara_process looks at running processes; there are none below another root")
        return
    for _, end in namespaces.roots(query):
        for (_, pid), row in signatures.scan(query, _targets(query)):
            yield (pid, *row, *end[:1])


def _targets(query: Query) -> Iterator[tuple[str, int]]:
    for pid in query.equals("pid") or ():
        if isinstance(pid, int) and pid > 0 and proc.is_process("", pid):
            yield "process", pid
