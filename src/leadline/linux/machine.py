"""The architecture of an installation, in uname(2)'s words. Format: elf(5)."""

from __future__ import annotations

import os

from leadline.linux import files, rooted

_MACHINES = {
    3: "i686", 8: "mips", 20: "ppc", 21: "ppc64", 22: "s390x", 40: "armv7l", 62: "x86_64", 183: "aarch64",
    243: "riscv64", 258: "loongarch64",
}  # fmt: skip
_PROGRAMS = ("/bin/sh", "/usr/bin/env", "/sbin/init", "/lib/systemd/systemd", "/usr/bin/dpkg", "/bin/busybox")


def name(root: str) -> str | None:
    """The running kernel's machine name, or under a root what its programs are built for; None when none is found."""
    if not root:
        return os.uname().machine
    for program in _PROGRAMS:
        head = files.read(rooted.path(root, program), 20) or b""
        if len(head) == 20 and head.startswith(b"\x7fELF"):
            big = head[5] == 2
            number = int.from_bytes(head[18:20], "big" if big else "little")
            if number == 21 and not big:
                return "ppc64le"
            return _MACHINES.get(number)
    return None
