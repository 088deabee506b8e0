"""Packet filter rules of the legacy iptables: asked of the kernel with getsockopt(2), as libiptc does.

include/uapi/linux/netfilter/x_tables.h and netfilter_ipv4/ip_tables.h of the kernel. Rules that nft or iptables-nft
made are not among them. The layout is that of 64-bit systems.
"""

from __future__ import annotations

from leadline.linux import files
from leadline.linux.text import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from socket import socket
    from typing import Any

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
_ENTRY_LAYOUT = "<4s4s4s4s16s16s16s16sHxB4xHH4xQQ"
_MATCH_LAYOUT = "<H29sB"  # struct xt_entry_match: length, name, revision
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
        import struct

        entry, match = struct.Struct(_ENTRY_LAYOUT).unpack_from, struct.Struct(_MATCH_LAYOUT).unpack_from
        data, place = self._entries, self.start
        while place + _ENTRY <= self.stop:
            rule = Rule(entry(data, place))
            end = place + rule.length
            if rule.length < _ENTRY or end > len(data):
                break
            _look(rule, data, place, end, match)
            if rule.verdict >= 0 and rule.verdict != end:  # else the next rule is the target
                rule.target = self._names.get(rule.verdict, "")
            yield rule
            place = end


class Rule:
    """One rule. Addresses and their masks are four bytes, interfaces and theirs sixteen, ``inverted`` holds the bits
    above. Ports are as in `1:1023` or `80,443`, after a `!` when inverted, and None for a protocol without.
    ``verdict`` is that of a standard target: a place to go on at, or a negative number; -1 for other targets."""

    __slots__ = (
        "bytes", "destination", "destination_mask", "destination_ports", "input", "input_mask", "inverted", "length",
        "matches", "output", "output_mask", "packets", "protocol", "source", "source_mask", "source_ports", "start",
        "target", "verdict",
    )  # fmt: skip

    def __init__(self, entry: tuple[Any, ...]) -> None:
        """``entry`` is struct ipt_entry, with the offsets of its target and of the next entry."""
        (
            self.source, self.destination, self.source_mask, self.destination_mask, self.input, self.output,
            self.input_mask, self.output_mask, self.protocol, self.inverted, self.start, self.length, self.packets,
            self.bytes,
        ) = entry  # fmt: skip
        self.matches: list[str] = []
        self.source_ports: str | None = None
        self.destination_ports: str | None = None
        self.target = ""
        self.verdict = -1


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
    from struct import Struct

    hooks, ends = {}, set()
    for hook, name in enumerate(HOOKS):
        if _number(info, 32, 4) >> hook & 1:
            hooks[_number(info, 36 + hook * 4, 4)] = name
            ends.add(_number(info, 56 + hook * 4, 4))
    names: dict[int, str] = {}
    found: list[Chain] = []
    users: list[Chain] = []
    place = last = 0  # of this entry, and of the one before
    unpack = Struct("<HH").unpack_from
    while place + _ENTRY <= len(entries):
        start, length = unpack(entries, place + 88)
        end = place + length
        if length < _ENTRY or end > len(entries):
            break
        if entries.startswith(b"ERROR\0", place + start + 2):
            if users:
                users[-1].stop = last
            names[end] = _name(entries[place + start + 32 : place + start + 62])
            users.append(Chain(names[end], entries, names, end))
        elif place in hooks:
            found.append(Chain(hooks[place], entries, names, place))
        if place in ends and found:
            chain = found[-1]
            chain.stop = place
            chain.policy = _VERDICTS.get(_verdict(entries, place + start))
            chain.packets, chain.bytes = _number(entries, place + 96, 8), _number(entries, place + 104, 8)
        place, last = end, place
    return found + sorted(users[:-1], key=lambda one: one.name)


def _verdict(data: bytes, target: int) -> int:
    return int.from_bytes(data[target + 32 : target + 36], "little", signed=True)


def _look(rule: Rule, data: bytes, place: int, end: int, unpack: Callable[[bytes, int], tuple[Any, ...]]) -> None:
    """Fill in a rule's matches and target, which follow its entry."""
    target = min(place + rule.start, end - 32)
    place += _ENTRY
    while place + 32 <= target and len(rule.matches) < _MATCHES:
        length, label, revision = unpack(data, place)
        if length < 32 or place + length > target:
            break
        name = _name(label)
        rule.matches.append(name)
        if name in _PORTS or name == "multiport":
            _ports(rule, name, revision, data[place + 32 : place + length])
        place += length
    if rule.protocol in _WITH_PORTS and not rule.inverted & PROTOCOL:
        rule.source_ports = rule.source_ports or "0:65535"
        rule.destination_ports = rule.destination_ports or "0:65535"
    rule.target = _name(data[target + 2 : target + 2 + _NAME])
    if not rule.target:
        rule.verdict = _verdict(data, target)
        rule.target = _VERDICTS.get(rule.verdict, "")


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
    """A name that ends with the first NUL."""
    return decode(data.split(b"\0", 1)[0])


def _number(data: bytes, place: int, length: int) -> int:
    return int.from_bytes(data[place : place + length], "little")
