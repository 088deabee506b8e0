"""Digests of values, in hexadecimal.

Of a blob, and of text that holds a NUL, all bytes count; osquery stops at the first NUL.
"""

from __future__ import annotations

import hashlib

from leadline.sql.functions.arguments import data

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.sql.schema import Value


def md5(value: Value) -> str | None:
    """The MD5 digest, also where policy forbids MD5 as a safeguard: here it names files."""
    return None if value is None else hashlib.md5(data(value), usedforsecurity=False).hexdigest()


def sha1(value: Value) -> str | None:
    """The SHA-1 digest."""
    return None if value is None else hashlib.sha1(data(value), usedforsecurity=False).hexdigest()


def sha256(value: Value) -> str | None:
    """The SHA-256 digest."""
    return None if value is None else hashlib.sha256(data(value)).hexdigest()
