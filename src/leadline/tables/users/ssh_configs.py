"""The ssh_configs table."""

from __future__ import annotations

from leadline.linux import sshfiles
from leadline.sql.schema import BIGINT, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables import per_user


@table(
    "ssh_configs",
    Column("uid", BIGINT, "User whose configuration it is; 0 for the system's.", additional=True, optimized=True),
    Column("block", TEXT, "Host or Match line that the option is under; empty at the start of a file."),
    Column("option", TEXT, "Option with its value, in lower case."),
    Column("ssh_config_file", TEXT, "File that holds it."),
    platforms=LINUX,
    user_data=True,
    examples=[
        "SELECT block, option FROM ssh_configs WHERE ssh_config_file = '/etc/ssh/ssh_config'",
        "SELECT username, block, option FROM users CROSS JOIN ssh_configs USING (uid) WHERE option LIKE 'proxy%'",
    ],
    notes=(
        "From ~/.ssh/config of the users that are asked for, and /etc/ssh/ssh_config always; other users' needs root."
        " Files that they include are not read."
    ),
)
def ssh_configs(query: Query) -> Rows:
    """Options of SSH's client, of users and of the whole system."""
    for user in per_user.users(query):
        path = f"{user.directory.rstrip('/')}/.ssh/config"
        for block, option in sshfiles.config(query.root, path):
            yield user.uid, block, option, path
    for block, option in sshfiles.config(query.root, sshfiles.SYSTEM_CONFIG):
        yield 0, block, option, sshfiles.SYSTEM_CONFIG
