"""The user_ssh_keys table."""

from __future__ import annotations

from leadline.linux import files, rooted, sshkeys
from leadline.linux.text import clean
from leadline.sql.schema import BIGINT, INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables import namespaces, per_user
from leadline.tables.namespaces import PID_WITH_NAMESPACE


@table(
    "user_ssh_keys",
    Column("uid", BIGINT, "User whose key it is.", additional=True, optimized=True),
    Column("path", TEXT, "File that holds it.", index=True),
    Column("encrypted", INTEGER, "1 when a passphrase protects it, else 0."),
    Column("key_type", TEXT, "Type of the key: `rsa`, `ec`, `ed25519`, `dsa`, `dh` and others, empty when not known."),
    Column("key_group_name", TEXT, "Name of the curve of an elliptic key."),
    Column("key_length", INTEGER, "Bits of the key, -1 when not known."),
    Column("key_security_bits", INTEGER, "Bits of security as SP 800-57 counts them, -1 when not known."),
    PID_WITH_NAMESPACE,
    platforms=LINUX,
    user_data=True,
    examples=["SELECT username, path, key_type FROM users CROSS JOIN user_ssh_keys USING (uid) WHERE encrypted = 0"],
    notes=(
        "From all files in ~/.ssh of the users that are asked for; other users' needs root. Nothing is"
        " decrypted: type and length of encrypted keys are known only in OpenSSH's own format."
    ),
)  # fmt: skip
def user_ssh_keys(query: Query) -> Rows:
    """Private keys in users' .ssh directories, and whether a passphrase protects them."""
    for root, end in namespaces.roots(query):
        for user in per_user.users(query, root):
            directory = f"{user.directory.rstrip('/')}/.ssh"
            for name in sorted(files.names(rooted.path(root, directory))):
                if query.cancelled():
                    return
                data = files.read(rooted.path(root, f"{directory}/{name}"), sshkeys.LARGEST)
                key = sshkeys.parse(data) if data else None
                if key is not None:
                    described = key.type, key.group, key.length, key.security
                    yield (user.uid, clean(f"{directory}/{name}"), int(key.encrypted), *described, *end[:1])
