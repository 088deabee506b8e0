"""The known_hosts table."""

from __future__ import annotations

from leadline.linux import sshfiles
from leadline.sql.schema import BIGINT, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables import per_user


@table(
    "known_hosts",
    Column("uid", BIGINT, "User whose list it is.", index=True, optimized=True),
    Column("key", TEXT, "Line of the list: hosts, which may be hashed, type of the key, and the key."),
    Column("key_file", TEXT, "File that holds the list."),
    platforms=LINUX,
    user_data=True,
    examples=["SELECT username, key FROM users CROSS JOIN known_hosts USING (uid)"],
    notes=(
        "From ~/.ssh/known_hosts of the users that are asked for; other users' needs root. Comments and empty lines are"
        " left out, lines are shown as they are."
    ),
)
def known_hosts(query: Query) -> Rows:
    """Keys of the hosts that users have connected to by SSH."""
    for user in per_user.users(query):
        path = f"{user.directory.rstrip('/')}/.ssh/known_hosts"
        for line in sshfiles.known_hosts(query.root, path):
            yield user.uid, line, path
