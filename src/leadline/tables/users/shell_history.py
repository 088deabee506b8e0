"""The shell_history table."""

from __future__ import annotations

from leadline.linux import history
from leadline.sql.schema import BIGINT, INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables import per_user


@table(
    "shell_history",
    Column("uid", BIGINT, "User whose history it is.", additional=True, optimized=True),
    Column("time", INTEGER, "When the command was given, in seconds since 1970; 0 when that is not known."),
    Column("command", TEXT, "Line of the history."),
    Column("history_file", TEXT, "File that holds it."),
    platforms=LINUX,
    user_data=True,
    examples=[
        "SELECT username, command FROM users CROSS JOIN shell_history USING (uid) WHERE command LIKE '%curl%|%sh%'",
        "SELECT time, command FROM shell_history WHERE time > 0 ORDER BY time DESC LIMIT 20",
    ],
    notes=(
        "From the files that bash, zsh, ash and sh keep in the home directories of the users that are asked for; other"
        " users' needs root. bash notes times only when HISTTIMEFORMAT is set, zsh with EXTENDED_HISTORY."
    ),
)
def shell_history(query: Query) -> Rows:
    """Commands that users have typed, as far as their shells have written them down."""
    for user in per_user.users(query):
        for path in history.paths(query.root, user.directory):
            for time, command in history.commands(query.root, path):
                yield user.uid, time, command, path
