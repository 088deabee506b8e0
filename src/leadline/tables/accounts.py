"""The local users and groups, read once a statement where it looks them up one by one.

A join such as ``users JOIN user_groups USING (uid)`` asks for each user on its own. Another mount namespace is read
anew: the name of its root may stand for another one in the next scan.
"""

from __future__ import annotations

from leadline.linux import passwd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeVar, cast

    from leadline.linux.passwd import Group, User
    from leadline.sql.schema import Query

    Read = TypeVar("Read")


def users(query: Query, root: str) -> Iterable[User]:
    """The users of the passwd file."""
    if root != query.root or query.equals("uid") is None:
        return passwd.users(root)
    return _once(query, "users", lambda: list(passwd.users(root)))


def groups(query: Query, root: str) -> Iterable[Group]:
    """The groups of the group file."""
    if root != query.root or query.equals("gid") is None:
        return passwd.groups(root)
    return _once(query, "groups", lambda: list(passwd.groups(root)))


def memberships(query: Query) -> dict[str, list[int]]:
    """The gids of the groups that list each user."""
    return _once(query, "memberships", lambda: passwd.memberships(query.root))


def groups_elsewhere(query: Query) -> bool:
    """Whether the groups of a user are asked of others than the local files, too."""
    return not query.root and _once(query, "groups elsewhere", lambda: passwd.groups_elsewhere(query.root))


def _once(query: Query, what: str, read: Callable[[], Read]) -> Read:
    key = ("accounts", what)
    if key not in query.kept:
        query.kept[key] = read()
    if TYPE_CHECKING:
        return cast("Read", query.kept[key])
    return query.kept[key]
