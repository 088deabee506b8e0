"""The suid_bin table."""

from __future__ import annotations

from leadline.linux import passwd, setid
from leadline.linux.text import clean
from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table
from leadline.tables import namespaces
from leadline.tables.namespaces import PID_WITH_NAMESPACE


@table(
    "suid_bin",
    Column("path", TEXT, "Path of the program, or of a link to it."),
    Column("username", TEXT, "User who owns it, or the number where no user has it."),
    Column("groupname", TEXT, "Group it belongs to, or the number where no group has it."),
    Column("permissions", TEXT, "`S` when it runs as its owner, `G` as its group, `SG` as both."),
    PID_WITH_NAMESPACE,
    platforms=LINUX,
    cacheable=True,
    examples=[
        "SELECT path, username, permissions FROM suid_bin WHERE username = 'root'",
        "SELECT path, username FROM suid_bin WHERE path LIKE '/tmp/%'",
    ],
    notes=(
        "Looks below /bin, /sbin, /usr/bin, /usr/sbin, /usr/local/bin, /usr/local/sbin and /tmp. Where one is a link"
        " to another, a program has a row for each of its paths."
    ),
)
def suid_bin(query: Query) -> Rows:
    """Programs that run with the rights of their owner or group, in the usual places for programs."""
    for root, end in namespaces.roots(query):
        names = passwd.Names(root)
        for path, status in setid.programs(root, setid.PLACES, query.cancelled):
            bits = "S" * bool(status.st_mode & setid.SETUID) + "G" * bool(status.st_mode & setid.SETGID)
            yield (clean(path), names.user(status.st_uid), names.group(status.st_gid), bits, *end[:1])
