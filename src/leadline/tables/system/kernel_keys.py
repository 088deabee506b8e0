"""The kernel_keys table."""

from __future__ import annotations

from leadline.linux import keyrings
from leadline.sql.schema import BIGINT, LINUX, TEXT, Column, Query, Rows, table


@table(
    "kernel_keys",
    Column("serial_number", TEXT, "Serial number of the key, in hexadecimal."),
    Column("flags", TEXT, "State as letters, such as I (instantiated), R (revoked), D (dead), Q (counts in a quota)."),
    Column("usage", BIGINT, "Threads and open files that refer to the key."),
    Column("timeout", TEXT, "Time left until it expires, such as `3d`; `perm` for never, `expd` for expired."),
    Column("permissions", TEXT, "Rights of possessor, user, group and others, each as two hexadecimal digits."),
    Column("uid", BIGINT, "User who owns it."),
    Column("gid", BIGINT, "Group it belongs to; -1 for none."),
    Column("type", TEXT, "Kind of key, such as `keyring`, `user`, `logon` or `asymmetric`."),
    Column("description", TEXT, "What the key is called, and what its kind adds, such as the number of its bytes."),
    platforms=LINUX,
    examples=[
        "SELECT * FROM kernel_keys",
        "SELECT serial_number, type, description FROM kernel_keys WHERE type NOT IN ('keyring', 'asymmetric')",
    ],
    notes="From /proc/keys, which shows the keys that our process may view. What is in a key is never read.",
)
def kernel_keys(query: Query) -> Rows:
    """Keys and keyrings that the kernel holds for users and for itself."""
    for key in keyrings.keys(query.root):
        yield (
            key.serial, key.flags, key.usage, key.timeout, key.permissions, key.uid, key.gid, key.type,
            key.description,
        )  # fmt: skip
