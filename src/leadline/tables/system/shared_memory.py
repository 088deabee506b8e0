"""The shared_memory table."""

from __future__ import annotations

from leadline.linux import sharedmemory
from leadline.sql.schema import BIGINT, INTEGER, LINUX, TEXT, Column, Query, Rows, table


@table(
    "shared_memory",
    Column("shmid", INTEGER, "Identifier of the segment."),
    Column("owner_uid", BIGINT, "User who owns it."),
    Column("creator_uid", BIGINT, "User who created it."),
    Column("pid", BIGINT, "Process that attached or detached last; 0 when none has."),
    Column("creator_pid", BIGINT, "Process that created it."),
    Column("atime", BIGINT, "Last attachment, in seconds since 1970; 0 for never."),
    Column("dtime", BIGINT, "Last detachment, in seconds since 1970; 0 for never."),
    Column("ctime", BIGINT, "Creation or last change of owner and permissions, in seconds since 1970."),
    Column("permissions", TEXT, "Permissions as four octal digits; the first holds the two states below."),
    Column("size", BIGINT, "Size in bytes."),
    Column("attached", INTEGER, "Number of attachments."),
    Column("status", TEXT, "`dest` when it goes with its last process, else empty."),
    Column("locked", INTEGER, "1 when it is kept out of swap, else 0."),
    platforms=LINUX,
    examples=[
        "SELECT shmid, owner_uid, size, attached FROM shared_memory WHERE attached = 0",
        "SELECT shmid, permissions, creator_pid FROM shared_memory WHERE permissions LIKE '%6'",
    ],
    notes=(
        "From /proc/sysvipc/shm: the System V segments of our IPC namespace, whoever owns them. POSIX shared"
        " memory is not among them; it shows as files in /dev/shm."
    ),
)
def shared_memory(query: Query) -> Rows:
    """Segments of System V shared memory."""
    for one in sharedmemory.segments(query.root):
        yield (
            one.identifier, one.owner_uid, one.creator_uid, one.last_pid, one.creator_pid, one.attached_at,
            one.detached_at, one.changed_at, f"{one.mode & 0o7777:04o}", one.size, one.attached,
            "dest" if one.mode & sharedmemory.DESTROYED else "", int(bool(one.mode & sharedmemory.LOCKED)),
        )  # fmt: skip
