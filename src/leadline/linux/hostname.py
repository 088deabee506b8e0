"""The name of a machine, short and fully qualified."""

from __future__ import annotations

import os

from leadline.linux import files, hosts, rooted
from leadline.linux.text import clean, decode


def short(root: str) -> str:
    """What the kernel calls the machine, or under a root what /etc/hostname will have it called."""
    if not root:
        return clean(os.uname().nodename)
    for line in (files.read(rooted.path(root, "/etc/hostname"), 4096) or b"").split(b"\n"):
        if line.strip() and not line.startswith(b"#"):
            return decode(line.strip())
    return ""


def full(root: str) -> str:
    """The canonical name the resolver gives for the short one, which stands for itself without.

    The hosts file is asked first, as nearly every nsswitch.conf(5) has it: a DNS server that does not answer would
    hold a query up for many seconds.
    """
    name = short(root)
    for _, names in hosts.entries(root):
        if name in names:
            return names[0]
    if root or "." in name or not name:
        return name
    import _socket  # what socket wraps, without the milliseconds that its enums take to import

    try:
        found = _socket.getaddrinfo(name, None, 0, _socket.SOCK_STREAM, 0, _socket.AI_CANONNAME)
    except (OSError, UnicodeError):
        return name
    canonical = found[0][3] if found else ""
    return clean(canonical) or name
