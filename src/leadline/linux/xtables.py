"""Packet filter rules of the legacy iptables: asked of the kernel with getsockopt(2), as libiptc does.

include/uapi/linux/netfilter/x_tables.h and netfilter_ipv4/ip_tables.h of the kernel. Rules that nft or iptables-nft
made are not among them. The layout is that of 64-bit systems.
"""

from __future__ import annotations

from leadline.linux import files
from leadline.linux.text import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from socket import socket

_GET_INFO = 64
_GET_ENTRIES = 65
_INFO = 84  # struct ipt_getinfo
_HEADER = 40  # struct ipt_get_entries without the entries
_ENTRY = 112  # struct ipt_entry
_LARGEST = 64 << 20  # bytes of entries: some 300,000 rules
_TRIES = 5  # the table may change between the two questions

HOOKS = ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING")
_VERDICTS = {-1: "DROP", -2: "ACCEPT", -4: "QUEUE", -5: "RETURN"}  # negative ones are -verdict - 1
_NAME = 29  # bytes of a match's or target's name
_MATCHES = 128  # of one rule

# Bits of invflags in struct ipt_ip
IN, OUT, SOURCE, DESTINATION, PROTOCOL = 0x01, 0x02, 0x08, 0x10, 0x40
# Matches on ports: where in their data stand the ports of source and destination, the bits that say which of the two
# are looked at (None: always both), and the bits that invert them.
_PORTS: dict[str, tuple[int, int, int | None, int]] = {
    "tcp": (0, 4, None, 11), "udp": (0, 4, None, 8), "udplite": (0, 4, None, 8), "dccp": (4, 0, 8, 10),
    "sctp": (4, 0, 284, 288),
}  # fmt: skip
_WITH_PORTS = frozenset((6, 17, 33, 132, 136))


class Chain:
    """A chain. ``policy`` and the counters are None and 0 for one that a user made."""

    __slots__ = ("_entries", "_names", "bytes", "name", "packets", "policy", "start", "stop")

    def __init__(self, name: str, entries: bytes, names: dict[int, str], start: int) -> None:
        """``names`` has the names of the users' chains by the place of their first entry."""
        self.name = name
        self.policy: str | None = None
        self.packets = 0
        self.bytes = 0
        self.start = start
        self.stop = start
        self._entries = entries
        self._names = names

    def rules(self) -> Iterator[Rule]:
        """The rules, without the entry at the end that is the policy or leads back."""
        for place, length in _places(self._entries, self.start, self.stop):
            rule, verdict = _rule(self._entries[place : place + length])
            if verdict is not None and verdict >= 0 and verdict != place + length:  # else the next rule is the target
                rule.target = self._names.get(verdict, "")
            yield rule


class Rule:
    """One rule. Addresses and masks are four bytes, ``inverted`` holds the bits above; ports are as in `22`, `1:1023`
    or `80,443`, after a `!` when inverted, and None for a protocol without."""

    __slots__ = (
        "bytes", "destination", "destination_mask", "destination_ports", "input", "input_mask", "inverted", "matches",
        "output", "output_mask", "packets", "protocol", "source", "source_mask", "source_ports", "target",
    )  # fmt: skip

    def __init__(self, data: bytes) -> None:
        """``data`` starts with struct ipt_entry."""
        self.source, self.destination = data[0:4], data[4:8]
        self.source_mask, self.destination_mask = data[8:12], data[12:16]
        self.input, self.output = _name(data[16:32]), _name(data[32:48])
        self.input_mask, self.output_mask = data[48:64], data[64:80]
        self.protocol = _number(data, 80, 2)
        self.inverted = data[83]
        self.packets, self.bytes = _number(data, 96, 8), _number(data, 104, 8)
        self.matches: list[str] = []
        self.source_ports: str | None = None
        self.destination_ports: str | None = None
        self.target = ""


def tables(root: str) -> list[str] | None:
    """The tables that are in use in our network namespace: filter, nat, mangle, raw, security.

    None when the kernel does not say, which it does to root only.
    """
    data = files.read(root + "/proc/net/ip_tables_names", 4096)
    return None if data is None else [decode(line) for line in data.split()]


def chains(table: str) -> list[Chain]:
    """The chains of a table: the built-in ones in the order packets meet them, then others by name.

    Raises OSError when the kernel may not be asked, or does not have the table.
    """
    import errno
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as asked:
        for attempt in range(_TRIES):
            info = _option(asked, _GET_INFO, table.encode()[:31].ljust(_INFO, b"\0"))
            size = _number(info, 80, 4)
            if size > _LARGEST:
                raise OSError(errno.EFBIG, "a table of that size is not read")
            request = info[:32] + size.to_bytes(4, "little") + bytes(4 + size)
            try:
                entries = _option(asked, _GET_ENTRIES, request)[_HEADER:]
            except OSError as error:
                if error.errno != errno.EAGAIN or attempt == _TRIES - 1:
                    raise
                continue
            return parse(info, entries)
    return []


def _option(asked: socket, option: int, request: bytes) -> bytes:
    """getsockopt(2) with a question in the buffer, which Python's own does not take."""
    import ctypes
    import os

    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(request, len(request))
    length = ctypes.c_uint32(len(request))
    if libc.getsockopt(asked.fileno(), 0, option, buffer, ctypes.byref(length)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return buffer.raw[: length.value]


def parse(info: bytes, entries: bytes) -> list[Chain]:
    """The chains in what the kernel answers: struct ipt_getinfo and the entries.

    A built-in chain starts where the table hooks in and ends with its policy. Before the first entry of a user's chain
    stands one whose target ERROR holds its name; the last of these ends the table.
    """
    hooks, ends = {}, set()
    for hook, name in enumerate(HOOKS):
        if _number(info, 32, 4) >> hook & 1:
            hooks[_number(info, 36 + hook * 4, 4)] = name
            ends.add(_number(info, 56 + hook * 4, 4))
    names: dict[int, str] = {}
    found: list[Chain] = []
    users: list[Chain] = []
    last = 0  # place of the entry before
    for place, length in _places(entries, 0, len(entries)):
        error = _error(entries, place)
        if error is not None:
            if users:
                users[-1].stop = last
            names[place + length] = error
            users.append(Chain(error, entries, names, place + length))
        elif place in hooks:
            found.append(Chain(hooks[place], entries, names, place))
        if place in ends and found:
            rule, verdict = _rule(entries[place : place + length])
            found[-1].stop = place
            found[-1].policy, found[-1].packets, found[-1].bytes = _VERDICTS.get(verdict or 0), rule.packets, rule.bytes
        last = place
    return found + sorted(users[:-1], key=lambda one: one.name)


def _places(data: bytes, place: int, stop: int) -> Iterator[tuple[int, int]]:
    """Place and length of the entries between two places."""
    while place + _ENTRY <= stop:
        length = _number(data, place + 90, 2)
        if length < _ENTRY or place + length > len(data):
            break
        yield place, length
        place += length


def _error(data: bytes, place: int) -> str | None:
    """What the target ERROR of an entry says; None for another target."""
    start = place + _number(data, place + 88, 2)
    return _name(data[start + 32 : start + 62]) if data[start + 2 : start + 8] == b"ERROR\0" else None


def _rule(data: bytes) -> tuple[Rule, int | None]:
    """The rule in an entry, and the verdict of a standard target: a place to go on at, or a negative number."""
    rule = Rule(data)
    start = min(_number(data, 88, 2), len(data))
    place = _ENTRY
    while place + 32 <= start and len(rule.matches) < _MATCHES:
        length = _number(data, place, 2)
        if length < 32 or place + length > start:
            break
        name = _name(data[place + 2 : place + 2 + _NAME])
        rule.matches.append(name)
        _ports(rule, name, data[place + 31], data[place + 32 : place + length])
        place += length
    if rule.protocol in _WITH_PORTS and not rule.inverted & PROTOCOL:
        rule.source_ports = rule.source_ports or "0:65535"
        rule.destination_ports = rule.destination_ports or "0:65535"
    rule.target = _name(data[start + 2 : start + 2 + _NAME])
    if rule.target:
        return rule, None
    verdict = int.from_bytes(data[start + 32 : start + 36], "little", signed=True)
    rule.target = _VERDICTS.get(verdict, "")
    return rule, verdict


def _ports(rule: Rule, name: str, revision: int, data: bytes) -> None:
    """What a match on ports adds to its rule."""
    if name in _PORTS:
        source, destination, looked, inverse = _PORTS[name]
        sides = 3 if looked is None else _number(data, looked, 1)
        bits = _number(data, inverse, 1)
        if sides & 1:
            rule.source_ports = _range(data, source, bits & 1)
        if sides & 2:
            rule.destination_ports = _range(data, destination, bits & 2)
    elif name == "multiport" and revision == 1 and len(data) >= 48:
        ports = _listed(data)
        if data[0] != 1:
            rule.source_ports = ports
        if data[0] != 0:
            rule.destination_ports = ports


def _range(data: bytes, place: int, inverted: int) -> str:
    return "!" * bool(inverted) + f"{_number(data, place, 2)}:{_number(data, place + 2, 2)}"


def _listed(data: bytes) -> str:
    """struct xt_multiport_v1: which ports, how many, up to fifteen ports, which of them start a range, inverted."""
    parts: list[str] = []
    ranged = False
    for number in range(min(data[1], 15)):
        port = str(_number(data, 2 + number * 2, 2))
        if ranged:
            parts[-1] += f":{port}"
        else:
            parts.append(port)
        ranged = not ranged and data[32 + number] != 0
    return "!" * bool(data[47]) + ",".join(parts)


def _name(data: bytes) -> str:
    return decode(data.split(b"\0", 1)[0])


def _number(data: bytes, place: int, length: int) -> int:
    return int.from_bytes(data[place : place + length], "little")
