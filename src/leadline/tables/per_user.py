"""Whose files the tables about users' data look at.

With a constraint on uid those users' (osquery's way: ``FROM users CROSS JOIN t USING (uid)``). Without one the user's
that runs the program, unless the flag ``user_data_scope`` says more. Under another root, where our own user means
nothing, every local user's.
"""

from __future__ import annotations

import os

from leadline.linux import passwd
from leadline.tables import accounts
from leadline.tables.osquery import runtime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadline.linux.passwd import User
    from leadline.sql.schema import Query

_RECENT = 90 * 86400  # seconds


def users(query: Query, root: str | None = None) -> Iterator[User]:
    """The users a statement asks for, each home directory once; ``root`` is where they live, else the query's root."""
    where = query.root if root is None else root
    seen = set()
    for user in _asked(query, where):
        if (user.uid, user.directory) not in seen and user.directory.startswith("/"):
            seen.add((user.uid, user.directory))
            yield user


def _asked(query: Query, root: str) -> Iterator[User]:
    wanted = query.equals("uid")
    names = query.equals("username") if wanted is None else None
    if wanted is not None:
        yield from _known(query, root, {uid for uid in wanted if isinstance(uid, int)})
        return
    if names is not None:
        yield from (user for user in passwd.users(root) if user.name in names)
        return
    scope = runtime.text(query, "user_data_scope", "self")
    if root or scope == "local":
        yield from passwd.users(root)
    elif scope == "all":
        yield from passwd.users(root)
        yield from passwd.remote()
    elif scope == "recent":
        yield from passwd.users(root)
        yield from _recent(query.clock() - _RECENT)
    else:
        own = os.geteuid()
        if own == 0 and query.table is not None:
            query.warn(
                f"The {query.table.name} table returns data based on the current user by default,"
                " consider JOINing against the users table"
            )
        yield from _known(query, root, {own})


def _known(query: Query, root: str, uids: set[int]) -> Iterator[User]:
    """The users with these ids: local ones, and for what is missing those of the name service."""
    missing = set(uids)
    for user in accounts.users(query, root):
        if user.uid in uids:
            missing.discard(user.uid)
            yield user
    if missing and not root:
        yield from passwd.remote(uids=missing)


def _recent(since: float) -> Iterator[User]:
    """Users of directory services who logged in since, by wtmp."""
    from leadline.linux import utmp

    names = {one.user for one in utmp.history("") if one.type == utmp.USER_PROCESS and one.seconds >= since}
    if names:
        yield from passwd.remote(names=names)
