"""The user_groups table."""

from __future__ import annotations

import os

from leadline.sql.schema import BIGINT, LINUX, Column, Query, Rows, table
from leadline.tables import accounts

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
        "From /etc/passwd and /etc/group; from the name service where nsswitch.conf names another one for groups, such"
        " as SSSD or LDAP. Users that only a directory service knows are listed with a constraint on uid."
    ),
)
def user_groups(query: Query) -> Rows:
    """Which groups each user belongs to: the primary one first, then those that list the user."""
    uids = query.equals("uid")
    listed = accounts.memberships(query)
    elsewhere = accounts.groups_elsewhere(query)
    seen: set[object] = set()
    for user in accounts.users(query, query.root):
        # Of several names with one uid the first stands for it, as in getpwuid(3).
        if user.uid not in seen and (uids is None or user.uid in uids):
            seen.add(user.uid)
            own = _from_service(user.name, user.gid) if elsewhere else listed.get(user.name, ())
            for gid in dict.fromkeys([user.gid, *own]):
                yield user.uid, gid
    if uids is not None and not query.root:
        yield from _remote([uid for uid in uids if uid not in seen])


def _remote(uids: list[object]) -> Iterator[tuple[int, int]]:
    """Groups of users that no local file has."""
    if not uids:
        return
    import pwd

    for uid in uids:
        try:
            entry = pwd.getpwuid(int(str(uid)))
        except (KeyError, ValueError, OverflowError):
            continue
        for gid in dict.fromkeys([entry.pw_gid, *_from_service(entry.pw_name, entry.pw_gid)]):
            yield entry.pw_uid, gid


def _from_service(name: str, primary: int) -> list[int]:
    """The groups that the name service gives a user."""
    try:
        return os.getgrouplist(name, primary)
    except (OSError, ValueError):  # a name that is no text
        return []
