"""The shadow table."""

from __future__ import annotations

from leadline.linux import shadow as passwords
from leadline.sql.schema import BIGINT, LINUX, TEXT, Column, Query, Rows, table


@table(
    "shadow",
    Column("password_status", TEXT, "Whether a password is set: `active`, `locked`, `empty` or `not_set`."),
    Column("hash_alg", TEXT, "Identifier of the hash, such as `6` for SHA-512 and `y` for yescrypt."),
    Column("last_change", BIGINT, "Day of the last change, in days since 1970; 0 when one is due."),
    Column("min", BIGINT, "Days before the password may be changed again."),
    Column("max", BIGINT, "Days after which it has to be changed."),
    Column("warning", BIGINT, "Days before that in which the user is warned."),
    Column("inactive", BIGINT, "Days after that in which it is still accepted."),
    Column("expire", BIGINT, "Day on which the account ends, in days since 1970."),
    Column("flag", BIGINT, "Reserved field; NULL when it is not set."),
    Column("username", TEXT, "Name of the user.", index=True, optimized=True),
    platforms=LINUX,
    examples=[
        "SELECT username, password_status FROM shadow WHERE password_status = 'empty'",
        "SELECT username, hash_alg FROM shadow WHERE hash_alg IN ('1', '2a', '5')",
    ],
    notes=(
        "From /etc/shadow, which only root may read: empty for others. -1 stands for a number that is not set. A locked"
        " password starts with `!`, `*` or `x`; the hash itself is not shown."
    ),
)  # fmt: skip
def shadow(query: Query) -> Rows:
    """How local users' passwords are hashed, when they change and whether one is set."""
    names = query.equals("username")
    for entry in passwords.entries(query.root):
        if names is None or entry.name in names:
            yield entry.status, entry.algorithm, *entry.days, entry.flag, entry.name
