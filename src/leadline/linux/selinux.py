"""Settings of SELinux: the files of selinuxfs, security/selinux/selinuxfs.c of the kernel."""

from __future__ import annotations

import os

from leadline.linux import files, mounts, rooted
from leadline.linux.text import clean, decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    Setting = tuple[str, str, str]

_STATUS = ("checkreqprot", "deny_unknown", "enforce", "mls", "policyvers", "reject_unknown")
_FOLDERS = ("booleans", "policy_capabilities", "initial_contexts")
_LIMIT = 64 << 10  # the longest is a security context, at most a page


def settings(root: str) -> Iterator[Setting]:
    """Scope, key and value of each setting; none where selinuxfs is not mounted.

    Settings of the whole have no scope. Those of the scope `class` are the permissions of the policy's classes: the
    key is `CLASS/perms`, and there is one for each permission. A boolean is `on` or `off`: what holds now, also when
    another value waits to be committed.
    """
    place = _place(root)
    if place is None:
        return
    for key in _STATUS:
        value = files.read(f"{place}/{key}", _LIMIT)
        if value is not None:
            yield "", key, _text(value)
    for scope in _FOLDERS:
        for key in sorted(files.names(f"{place}/{scope}")):
            value = files.read(f"{place}/{scope}/{key}", _LIMIT)
            if value is not None:
                yield scope, clean(key), _boolean(value) if scope == "booleans" else _text(value)
    for name in sorted(files.names(f"{place}/class")):
        for permission in sorted(files.names(f"{place}/class/{name}/perms")):
            yield "class", f"{clean(name)}/perms", clean(permission)


def _place(root: str) -> str | None:
    """Where selinuxfs is mounted."""
    for _, path, type, _ in mounts.entries(root):
        if type == "selinuxfs":
            return rooted.path(root, path)
    usual = rooted.path(root, "/sys/fs/selinux")
    return usual if os.path.exists(f"{usual}/enforce") else None


def _boolean(value: bytes) -> str:
    """`1 0`: on, but off when the pending values are committed."""
    return {b"0": "off", b"1": "on"}.get(value.split(b" ")[0].strip(), _text(value))


def _text(value: bytes) -> str:
    return decode(value.rstrip(b"\0\n"))  # the kernel ends contexts with a NUL
