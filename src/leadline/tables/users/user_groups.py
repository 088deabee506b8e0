"""The user_groups table."""

from __future__ import annotations

from leadline.linux import passwd
from leadline.sql.schema import BIGINT, LINUX, Column, Query, Rows, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@table(
    "user_groups",
    Column("uid", BIGINT, "User id.", index=True, optimized=True),
    Column("gid", BIGINT, "Id of a group the user belongs to.", index=True),
    platforms=LINUX,
    examples=[
        "SELECT username, ug.gid FROM users JOIN user_groups ug USING (uid)",
        "SELECT gid FROM user_groups WHERE uid = 0",
    ],
    notes=(
        "Groups of each local user as login would give them, those of directory services included. Users of"
        " directory services need a constraint on uid."
    ),
)
def user_groups(query: Query) -> Rows:
    """Which groups each user belongs to: the primary one first, then those that list the user."""
    uids = query.equals("uid")
    listed = passwd.memberships(query.root)
    seen: set[object] = set()
    for user in passwd.users(query.root):
        # Of several names with one uid the first stands for it, as in getpwuid(3).
        if user.uid not in seen and (uids is None or user.uid in uids):
            seen.add(user.uid)
            for gid in dict.fromkeys([user.gid, *listed.get(user.name, ())]):
                yield user.uid, gid
    if uids is not None and not query.root:
        yield from _remote([uid for uid in uids if uid not in seen])


def _remote(uids: list[object]) -> Iterator[tuple[int, int]]:
    """Groups of users that no local file has."""
    if not uids:
        return
    import os
    import pwd

    for uid in uids:
        try:
            entry = pwd.getpwuid(int(str(uid)))
            groups = os.getgrouplist(entry.pw_name, entry.pw_gid)
        except (KeyError, ValueError, OverflowError, OSError):
            continue
        for gid in groups:
            yield entry.pw_uid, gid
