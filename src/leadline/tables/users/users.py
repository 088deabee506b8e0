"""The users table."""

from __future__ import annotations

from leadline.linux import passwd
from leadline.sql.schema import BIGINT, INTEGER, LINUX, MACOS, TEXT, WINDOWS, Column, Query, Rows, table
from leadline.tables import accounts, namespaces
from leadline.tables.namespaces import PID_WITH_NAMESPACE


@table(
    "users",
    Column("uid", BIGINT, "User id.", index=True),
    Column("gid", BIGINT, "Id of the primary group."),
    Column("uid_signed", BIGINT, "User id read as a signed 32-bit number."),
    Column("gid_signed", BIGINT, "Id of the primary group read as a signed 32-bit number."),
    Column("username", TEXT, "Login name.", additional=True),
    Column("description", TEXT, "Full name or purpose, the GECOS field."),
    Column("directory", TEXT, "Home directory."),
    Column("shell", TEXT, "Program that a login starts."),
    Column("uuid", TEXT, "Unique id of the account on macOS and Windows.", index=True, collate="nocase"),
    Column("type", TEXT, "Whether the account is local, roaming or special.", platforms=WINDOWS),
    Column("is_hidden", INTEGER, "1 when the login window does not offer the account.", platforms=MACOS),
    PID_WITH_NAMESPACE,
    Column(
        "include_remote", INTEGER, "Set to 1 to ask the name service (LDAP, SSSD and so on) as well.",
        additional=True, hidden=True, platforms=LINUX,
    ),
    platforms=LINUX,
    examples=[
        "SELECT uid, username, directory, shell FROM users WHERE uid >= 1000",
        "SELECT username FROM users WHERE uid = 0",
        "SELECT username, uid FROM users WHERE include_remote = 1 AND username = 'root'",
    ],
    notes=(
        "From /etc/passwd. Users of LDAP or SSSD are listed with include_remote = 1, which may ask a directory"
        " server for everybody."
    ),
)  # fmt: skip
def users(query: Query) -> Rows:
    """User accounts of this machine; those of directory services too when include_remote is 1."""
    asked = 1 in (query.equals("include_remote") or ())
    if asked and query.root:
        query.warn("include_remote asks the running system's name service; under a root only local users are listed")
        asked = False
    names, uids = query.equals("username"), query.equals("uid")
    for root, end in namespaces.roots(query):
        remote = asked and not root
        for user in passwd.remote(names, uids) if remote else accounts.users(query, root):
            if (names is None or user.name in names) and (uids is None or user.uid in uids):
                yield (
                    user.uid, user.gid, passwd.signed(user.uid), passwd.signed(user.gid), user.name,
                    user.description, user.directory, user.shell, None, end[0] if end else 0, int(asked),
                )  # fmt: skip
