"""Sockets as the files of /proc/PID/net list them, and the processes that hold them.

Such a file lists all sockets of the network namespace that its process is in, whoever holds them; which process that
is, only the links in /proc/PID/fd tell. Layouts: proc(5), Documentation/networking/proc_net_tcp.rst.
"""

from __future__ import annotations

import os
import sys

from leadline.linux import files, proc
from leadline.linux.proc import DIGITS
from leadline.linux.text import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator

    # inode, family, protocol, local address, remote address, local port, remote port, path, state
    Socket = tuple[int, int, int, str, str, int, int, str, str]
    Found = tuple[int, int, Socket, int]

UNIX = 1
INET = 2
INET6 = 10
PACKET = 17

TCP = 6
INTERNET = (  # file, family, protocol
    ("icmp", INET, 1),
    ("icmp6", INET6, 58),
    ("tcp", INET, TCP),
    ("tcp6", INET6, TCP),
    ("udp", INET, 17),
    ("udp6", INET6, 17),
    ("udplite", INET, 136),
    ("udplite6", INET6, 136),
    ("raw", INET, 255),
    ("raw6", INET6, 255),
)

# What the kernel calls the protocol of a socket → the file that lists it; netlink sockets are in none of ours.
PROTOCOLS = {
    "UNIX": "unix",
    "UNIX-STREAM": "unix",
    "TCP": "tcp",
    "TCPv6": "tcp6",
    "UDP": "udp",
    "UDPv6": "udp6",
    "UDPLITE": "udplite",
    "UDPLITEv6": "udplite6",
    "RAW": "raw",
    "RAWv6": "raw6",
    "PING": "icmp",
    "PINGv6": "icmp6",
    "PACKET": "packet",
    "NETLINK": "netlink",
}

# The kernel's numbers of enum tcp_state in include/net/tcp_states.h; its 7 is CLOSE.
TCP_STATES = (
    "UNKNOWN",
    "ESTABLISHED",
    "SYN_SENT",
    "SYN_RECV",
    "FIN_WAIT1",
    "FIN_WAIT2",
    "TIME_WAIT",
    "CLOSED",
    "CLOSE_WAIT",
    "LAST_ACK",
    "LISTEN",
    "CLOSING",
)


def opened(root: str, wanted: Iterable[object] | None = None) -> Iterator[Found]:
    """Sockets with who holds them: process id, descriptor, socket, inode number of the network namespace.

    A socket that several descriptors refer to comes once for each of them, one that no process of ours to see holds
    once with -1 and -1. With ``wanted`` only the sockets of those processes come. The namespace is 0 when the system
    does not tell it.
    """
    narrow = None if wanted is None or -1 in wanted else tuple(wanted)
    holders: dict[int, list[tuple[int, int]]] = {}
    namespaces: dict[int, str] = {}
    names: set[str] = set()  # the files that list the sockets of the wanted processes
    for pid in proc.pids(root, narrow):
        held = len(holders)
        for number, target in proc.descriptors(root, pid):
            if target.startswith("socket:[") and (inode := target[8:-1]).isdecimal() and len(inode) <= DIGITS:
                holders.setdefault(int(inode), []).append((pid, number))
                if narrow is not None:
                    names.add(file_of(root, pid, number))
        if narrow is not None and len(holders) == held:
            continue
        namespace = proc.namespace(root, pid, "net")
        if namespace is not None and namespace not in namespaces:
            directory = f"{root}/proc/{pid}/net/"
            # a zombie has no namespace any more, and a process may have ended meanwhile: then ask the next one
            if files.read(directory + "unix", 1) is not None:
                namespaces[namespace] = directory
    if not namespaces and (holders or narrow is None):
        namespaces[0] = f"{root}/proc/net/"
    nobody = [(-1, -1)]
    for namespace, directory in namespaces.items():
        if narrow is None:
            found = listed(directory)
        else:
            found = listed(directory, holders.__contains__, None if "" in names else names)
        for socket in found:
            for pid, number in holders.get(socket[0], nobody):
                yield pid, number, socket, namespace


def file_of(root: str, pid: int, number: int) -> str:
    """The file that lists the socket of a descriptor, empty when that is not to be known.

    To list TCP sockets the kernel looks through a table that takes it milliseconds however few they are, so that it
    pays to ask first whether there are any.
    """
    try:
        name = os.getxattr(f"{root}/proc/{pid}/fd/{number}", "system.sockprotoname")
    except OSError:
        return ""
    return PROTOCOLS.get(name.rstrip(b"\0").decode("ascii", "replace"), "")


def listed(
    directory: str, keep: Callable[[int], bool] | None = None, names: Container[str] | None = None
) -> Iterator[Socket]:
    """The sockets that the files in a directory such as ``/proc/1/net/`` list: all, or those whose inode is kept;
    of all files, or of those named."""
    idle = without_tcp(directory)
    for name, family, protocol in INTERNET:
        if name not in idle and (names is None or name in names):
            yield from internet(files.read(directory + name) or b"", family, protocol, keep)
    if names is None or "unix" in names:
        yield from unix(files.read(directory + "unix") or b"", keep)
    if names is None or "packet" in names:
        yield from packet(files.read(directory + "packet") or b"", keep)


def without_tcp(directory: str) -> frozenset[str]:
    """Which of the files tcp and tcp6 are empty, by the counters of the namespace: sockstat and sockstat6.

    To find that out from the file itself the kernel looks through a table of all namespaces, for milliseconds. A
    connection that is being accepted is not counted, but the socket that accepts is, which for IPv4 may be one of IPv6.
    """
    first = files.read(directory + "sockstat") or b""
    second = files.read(directory + "sockstat6") or b""
    if b"TCP: inuse 0 " not in first or b" tw 0 " not in first:
        return frozenset(("tcp6",)) if b"TCP6: inuse 0\n" in second and b" tw 0 " in first else frozenset()
    return frozenset(("tcp", "tcp6")) if b"TCP6: inuse 0\n" in second else frozenset()


def internet(data: bytes, family: int, protocol: int, keep: Callable[[int], bool] | None = None) -> Iterator[Socket]:
    """The sockets of a file such as tcp or udp6."""
    from _socket import inet_ntop

    size = 8 if family == INET else 32
    addresses: dict[bytes, str] = {}

    def address(digits: bytes) -> str:
        text = addresses.get(digits)
        if text is None:
            words = bytes.fromhex(digits.decode())
            if sys.byteorder == "little":  # each word of 32 bits is printed as a number of this machine
                words = b"".join(words[at : at + 4][::-1] for at in range(0, len(words), 4))
            text = addresses[digits] = inet_ntop(family, words)
        return text

    for line in data.split(b"\n")[1:]:
        fields = line.split(None, 10)
        if len(fields) < 10 or len(fields[1]) != size + 5 or len(fields[2]) != size + 5 or len(fields[9]) > DIGITS:
            continue
        try:
            inode = int(fields[9])
            if keep is not None and not keep(inode):
                continue
            local, remote = fields[1], fields[2]
            state = ""
            if protocol == TCP:
                number = int(fields[3], 16)
                state = TCP_STATES[number] if 0 <= number < len(TCP_STATES) else TCP_STATES[0]
            socket = (
                inode,
                family,
                protocol,
                address(local[:size]),
                address(remote[:size]),
                int(local[size + 1 :], 16),
                int(remote[size + 1 :], 16),
                "",
                state,
            )
        except ValueError:  # an image may hold anything
            continue
        yield socket


def unix(data: bytes, keep: Callable[[int], bool] | None = None) -> Iterator[Socket]:
    """The sockets of the file unix; the path of an abstract one begins with @."""
    for line in data.split(b"\n")[1:]:
        fields = line.split(None, 7)  # number, references, protocol, flags, type, state, inode, path
        if len(fields) < 7 or len(fields[2]) > 8 or len(fields[6]) > DIGITS:
            continue
        try:
            inode, protocol = int(fields[6]), int(fields[2], 16)
        except ValueError:
            continue
        if keep is None or keep(inode):
            path = decode(fields[7]) if len(fields) == 8 else ""
            yield inode, UNIX, protocol, "", "", 0, 0, path, ""


def packet(data: bytes, keep: Callable[[int], bool] | None = None) -> Iterator[Socket]:
    """The sockets of the file packet; the protocol is that of the frames, as in linux/if_ether.h."""
    for line in data.split(b"\n")[1:]:
        fields = line.split()  # address, references, type, protocol, interface, running, memory, user, inode
        if len(fields) < 9 or len(fields[3]) > 8 or len(fields[8]) > DIGITS:
            continue
        try:
            inode, protocol = int(fields[8]), int(fields[3], 16)
        except ValueError:
            continue
        if keep is None or keep(inode):
            yield inode, PACKET, protocol, "", "", 0, 0, "", ""
