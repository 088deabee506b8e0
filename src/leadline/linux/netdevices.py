"""What sysfs and the drivers tell about network interfaces beyond rtnetlink."""

from __future__ import annotations

from leadline.linux import files

SIOCETHTOOL = 0x8946
ETHTOOL_GDRVINFO = 0x03
DRVINFO = 196  # sizeof(struct ethtool_drvinfo)
BUS = slice(4 + 3 * 32, 4 + 4 * 32)  # its bus_info, behind cmd, driver, version and fw_version


def speed(root: str, name: str) -> int:
    """Megabits a second, 0 when the interface has no speed or is down."""
    data = files.read(f"{root}/sys/class/net/{name}/speed")
    try:
        return max(0, int(data or b"0"))
    except ValueError:
        return 0


def flags(root: str, name: str) -> int | None:
    """The kernel's own flags (IFF_*). They tell that an interface is promiscuous when a program asked for it through
    a packet socket, which the flags of rtnetlink hide."""
    data = files.read(f"{root}/sys/class/net/{name}/flags")
    return int(data, 16) if data else None


def bus(name: str) -> str | None:
    """The device's place on its bus as the driver names it, such as 0000:00:03.0; ethtool(8) -i shows the same."""
    from _socket import AF_INET, SOCK_CLOEXEC, SOCK_DGRAM, socket
    from array import array
    from fcntl import ioctl
    from os import fsencode
    from struct import pack

    answer = array("B", pack(f"=I{DRVINFO - 4}x", ETHTOOL_GDRVINFO))
    connection = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC)
    try:
        ioctl(connection.fileno(), SIOCETHTOOL, pack("16sP16x", fsencode(name), answer.buffer_info()[0]))
    except OSError:  # no driver behind it, as for lo
        return None
    finally:
        connection.close()
    return bytes(answer[BUS]).partition(b"\0")[0].decode("ascii", "replace")
