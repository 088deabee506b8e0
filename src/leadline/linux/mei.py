"""The firmware of Intel's Management Engine, as its driver tells.

Sources: Documentation/ABI/testing/sysfs-class-mei and include/uapi/linux/mei.h of the kernel; the message is the
update client's request for versions, as Intel's and osquery's tools send it.
"""

from __future__ import annotations

import os

from leadline.linux import files, rooted
from leadline.linux.text import decode

CLASS = "/sys/class/mei"
DEVICE = "/dev/mei0"

_CONNECT = 0xC0104801  # IOCTL_MEI_CONNECT_CLIENT
_UPDATE = bytes.fromhex("e8cd9d30b1cc62408f78600115a34327")  # 309dcde8-ccb1-4062-8f78-600115a34327, as it is stored
_GET_VERSION = bytes(4)
_VERSION = slice(28, 36)  # four words behind seven double words about the machine
_PATIENCE = 2000  # milliseconds


def version(root: str) -> str | None:
    """`major.minor.hotfix.build` from the class of the driver, which kernels since 4.20 fill; None without it."""
    for name in sorted(files.names(rooted.path(root, CLASS))):
        found = parse(files.read(rooted.path(root, f"{CLASS}/{name}/fw_ver"), 4096) or b"")
        if found:
            return found
    return None


def parse(data: bytes) -> str | None:
    """The version in the first line of fw_ver: `platform:major.minor.hotfix.build`; None when there is none."""
    _, colon, text = decode(data.split(b"\n", 1)[0].strip()).partition(":")
    return text if colon and text.strip("0.") else None


def ask(device: str = DEVICE) -> str | None:
    """The same by asking the engine, for older kernels; root only. None when it does not answer within two seconds."""
    try:
        descriptor = os.open(device, os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        return _answer(descriptor)
    except OSError:
        return None
    finally:
        os.close(descriptor)


def _answer(descriptor: int) -> str | None:
    import fcntl
    import select

    properties = fcntl.ioctl(descriptor, _CONNECT, _UPDATE)
    if properties[4] != 1:  # the client's version of the protocol, behind the longest message it takes
        return None
    os.write(descriptor, _GET_VERSION)
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return unpack(os.read(descriptor, 512)) if poll.poll(_PATIENCE) else None


def unpack(data: bytes) -> str | None:
    """The version in the update client's answer; None when it is too short to have one."""
    words = data[_VERSION]
    if len(words) < 8:
        return None
    return ".".join(str(int.from_bytes(words[at : at + 2], "little")) for at in range(0, 8, 2))
