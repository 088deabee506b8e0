"""The authorized_keys table."""

from __future__ import annotations

from leadline.linux import sshfiles
from leadline.sql.schema import BIGINT, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables import namespaces, per_user
from leadline.tables.namespaces import PID_WITH_NAMESPACE

_FILES = ("/.ssh/authorized_keys", "/.ssh/authorized_keys2")


@table(
    "authorized_keys",
    Column("uid", BIGINT, "User that the key may log in as.", additional=True),
    Column("algorithm", TEXT, "Type of the key, such as `ssh-ed25519`."),
    Column("key", TEXT, "Key, in base64."),
    Column("options", TEXT, "Options that limit what it may be used for."),
    Column("comment", TEXT, "Comment behind the key."),
    Column("key_file", TEXT, "File that holds it."),
    PID_WITH_NAMESPACE,
    platforms=LINUX,
    user_data=True,
    examples=["SELECT username, algorithm, comment, options FROM users CROSS JOIN authorized_keys USING (uid)"],
    notes=(
        "From ~/.ssh/authorized_keys and authorized_keys2 of the users that are asked for; other users' needs root."
        " Places that sshd_config names instead are not looked at."
    ),
)
def authorized_keys(query: Query) -> Rows:
    """Public keys that may log in by SSH, by user."""
    for root, end in namespaces.roots(query):
        for user in per_user.users(query, root):
            for name in _FILES:
                path = user.directory.rstrip("/") + name
                for key in sshfiles.authorized_keys(root, path):
                    yield (user.uid, key.algorithm, key.key, key.options, key.comment, path, *end[:1])
