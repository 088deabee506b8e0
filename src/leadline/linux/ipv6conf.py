"""The kernel's IPv6 settings for each interface: /proc/sys/net/ipv6/conf, networking/ip-sysctl.rst of the kernel."""

from __future__ import annotations

from leadline.linux import files, rooted

_CONF = "/proc/sys/net/ipv6/conf"


def number(root: str, interface: str, setting: str) -> int:
    """A setting of an interface, of ``all`` for those together; -1 where the kernel has no IPv6 for it."""
    data = (files.read(rooted.path(root, f"{_CONF}/{interface}/{setting}"), 64) or b"").strip()
    digits = data[1:] if data.startswith(b"-") else data
    return int(data) if digits.isdigit() and len(digits) < 11 else -1
