"""The keys with which AWS is asked, in the order in which AWS's own tools look for them."""

from __future__ import annotations

import os

from leadline.linux import files
from leadline.linux.sigv4 import Credentials
from leadline.linux.text import decode
from leadline.tables.osquery import runtime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.sql.schema import Query
    from leadline.tables.cloud.imds import Session

_ROLES = "/latest/meta-data/iam/security-credentials/"
_FILE_LIMIT = 1 << 20

# What the identifier, the secret and the token are called: by flags and in files, in the environment, by the service.
_SETTINGS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
_VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_LENT = ("AccessKeyId", "SecretAccessKey", "Token")


def credentials(query: Query, session: Session) -> Credentials | None:
    """From the flags, the profile that a flag names, the environment, the default profile, or the instance's role."""
    profile = runtime.text(query, "aws_profile_name", "")
    return (
        _keys(*(runtime.text(query, name, "") for name in _SETTINGS))
        or (_profile(profile) if profile else None)
        or _keys(*(os.environ.get(name, "") for name in _VARIABLES))
        or _profile(os.environ.get("AWS_PROFILE") or "default")
        or _role(session)
    )


def _keys(key: str, secret: str, token: str) -> Credentials | None:
    """Credentials when both halves are there, and nothing in them that does not belong into a header."""
    whole = bool(key and secret) and all("!" <= one <= "~" for one in key + secret + token)
    return Credentials(key, secret, token) if whole else None


def _profile(name: str) -> Credentials | None:
    """A section of the shared credentials file."""
    path = os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or os.path.expanduser("~/.aws/credentials")
    found: dict[str, str] = {}
    inside = False
    for line in decode(files.read(path, _FILE_LIMIT) or b"").splitlines():
        line = line.strip()
        if line.startswith("[") and line.endswith("]"):
            inside = line[1:-1].strip() == name
        elif inside and not line.startswith(("#", ";")):
            key, _, value = line.partition("=")
            found[key.strip().lower()] = value.strip()
    return _keys(*(found.get(name, "") for name in _SETTINGS))


def _role(session: Session) -> Credentials | None:
    """What the metadata service lends to the instance for its role."""
    from urllib.parse import quote

    role = decode(session.get(_ROLES) or b"").strip().partition("\n")[0]
    if not role:
        return None
    lent = session.document(_ROLES + quote(role, safe=""))
    parts = [lent.get(name) for name in _LENT]
    return _keys(*(part if isinstance(part, str) else "" for part in parts))
