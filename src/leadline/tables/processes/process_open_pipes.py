"""The process_open_pipes table."""

from __future__ import annotations

from leadline.linux import pipes
from leadline.sql.schema import BIGINT, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables import context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.linux.pipes import End


@table(
    "process_open_pipes",
    Column("pid", BIGINT, "Process id."),
    Column("fd", BIGINT, "Number of the descriptor in the process."),
    Column("mode", TEXT, "What the descriptor is open for: r reading, w writing, rw both."),
    Column("inode", BIGINT, "Inode number of the pipe."),
    Column("type", TEXT, "Kind of the pipe: anonymous or named."),
    Column("partner_pid", BIGINT, "Process id of the other end's holder."),
    Column("partner_fd", BIGINT, "Number of the other end's descriptor."),
    Column("partner_mode", TEXT, "What the other end is open for."),
    *context.CONTEXT,
    platforms=LINUX,
    examples=[
        "SELECT name, p.fd, p.partner_pid FROM process_open_pipes p JOIN processes USING (pid) WHERE p.mode = 'w'",
        "SELECT * FROM process_open_pipes WHERE type = 'named'",
    ],
    notes=(
        "From the descriptors in /proc; those of other users' processes need root. A descriptor has a row for each"
        " other end of its pipe, and one row without partner when no process that can be seen holds another end."
    ),
)
def process_open_pipes(query: Query) -> Rows:
    """Pipes that the processes hold open, with who is at the other end."""
    held = list(pipes.ends(query.root))
    sharing: dict[tuple[int, int], list[End]] = {}
    for one in held:
        sharing.setdefault(one.pipe, []).append(one)
    close = context.ending(query)
    for one in held:
        end = close(one.pid) if close else ()
        alone = True
        for other in sharing[one.pipe]:
            if other is not one and (other.mode != one.mode or one.mode == "rw"):
                alone = False
                yield one.pid, one.fd, one.mode, one.inode, one.type, other.pid, other.fd, other.mode, *end
        if alone:
            yield one.pid, one.fd, one.mode, one.inode, one.type, None, None, None, *end
        if query.cancelled():
            return
