"""The groups table."""

from __future__ import annotations

from leadline.linux import passwd
from leadline.linux.text import clean
from leadline.sql.schema import BIGINT, INTEGER, LINUX, MACOS, TEXT, WINDOWS, Column, Query, Rows, table
from leadline.tables import accounts, namespaces
from leadline.tables.namespaces import PID_WITH_NAMESPACE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@table(
    "groups",
    Column("gid", BIGINT, "Group id.", index=True),
    Column("gid_signed", BIGINT, "Group id read as a signed 32-bit number."),
    Column("groupname", TEXT, "Name of the group."),
    Column("group_sid", TEXT, "Security identifier of the group.", index=True, platforms=WINDOWS),
    Column("comment", TEXT, "What the group is for.", platforms=WINDOWS),
    Column("is_hidden", INTEGER, "1 when the group is kept out of the system's own lists.", platforms=MACOS),
    PID_WITH_NAMESPACE,
    platforms=LINUX,
    examples=[
        "SELECT gid, groupname FROM groups WHERE groupname IN ('sudo', 'wheel', 'docker')",
        "SELECT u.username, g.groupname FROM users u JOIN user_groups ug USING (uid) JOIN groups g ON g.gid = ug.gid",
    ],
    notes="From the name service, so groups of LDAP or SSSD are listed too; under another root from /etc/group.",
)  # fmt: skip
def groups(query: Query) -> Rows:
    """Groups that the name service of this machine knows."""
    gids = query.equals("gid")
    for root, end in namespaces.roots(query):
        for gid, name in _entries(query, root, gids):
            if gids is None or gid in gids:
                yield (gid, passwd.signed(gid), name, *end[:1])


def _entries(query: Query, root: str, gids: tuple[object, ...] | None) -> Iterator[tuple[int, str]]:
    if root:
        yield from ((group.gid, group.name) for group in accounts.groups(query, root))
        return
    import grp

    if gids is None:
        yield from ((entry.gr_gid, clean(entry.gr_name)) for entry in grp.getgrall())
        return
    # Asked for by number, the local file answers first; only what it lacks is worth a call to a directory server.
    missing = set(gids)
    for group in accounts.groups(query, root):
        if group.gid in gids:
            missing.discard(group.gid)
            yield group.gid, group.name
    for gid in missing:
        try:
            entry = grp.getgrgid(int(str(gid)))
        except (KeyError, ValueError, OverflowError):
            continue
        yield entry.gr_gid, clean(entry.gr_name)
