"""Asking the kernel over netlink: whole tables of it, as messages and their attributes.

netlink(7); the padding and the two headers are those of linux/netlink.h.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Iterator

ROUTE = 0  # NETLINK_ROUTE

NLMSG_ERROR = 2
NLMSG_DONE = 3
NLM_F_REQUEST = 0x001
NLM_F_DUMP_INTR = 0x010
NLM_F_DUMP = 0x300

HEADER = 16
NESTED = 0x3FFF  # without the bits NLA_F_NESTED and NLA_F_NET_BYTEORDER

BUFFER = 128 << 10  # the kernel fills at most 64 KiB at once
SECONDS = 5.0
ATTEMPTS = 4


def dump(kind: int, body: bytes, protocol: int = ROUTE) -> list[bytes]:
    """All objects of a kind: the bodies of the answers to a dump request, without their netlink headers.

    When the table changed while it was listed, the list may have holes; then the kernel is asked again, up to
    ATTEMPTS times. Raises OSError (the kernel's own error, or ETIMEDOUT after SECONDS without an answer).
    """
    from _socket import AF_NETLINK, SOCK_CLOEXEC, SOCK_RAW, socket

    connection = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol)
    try:
        connection.settimeout(SECONDS)
        bodies: list[bytes] = []
        for sequence in range(1, ATTEMPTS + 1):
            connection.sendto(request(kind, body, sequence), (0, 0))
            bodies, whole = answers(connection, sequence)
            if whole:
                break
        return bodies
    finally:
        connection.close()


def request(kind: int, body: bytes, sequence: int) -> bytes:
    """A dump request with its header."""
    from struct import pack

    return pack("=IHHII", HEADER + len(body), kind, NLM_F_REQUEST | NLM_F_DUMP, sequence, 0) + body


def answers(connection: socket, sequence: int) -> tuple[list[bytes], bool]:
    """Read the answers to one request; also whether nothing changed while they were made."""
    bodies: list[bytes] = []
    whole = True
    while True:
        for kind, flags, number, body in messages(connection.recv(BUFFER)):
            if number != sequence:
                continue
            whole = whole and not flags & NLM_F_DUMP_INTR
            if kind == NLMSG_DONE:
                return bodies, whole
            if kind == NLMSG_ERROR:
                error = -int.from_bytes(body[:4], sys.byteorder, signed=True)
                raise OSError(error, os.strerror(error))
            bodies.append(body)


def messages(data: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """The messages in what was received: type, flags, sequence number, body."""
    from struct import unpack_from

    at = 0
    while at + HEADER <= len(data):
        length, kind, flags, sequence, _ = unpack_from("=IHHII", data, at)
        if length < HEADER or at + length > len(data):
            return
        yield kind, flags, sequence, data[at + HEADER : at + length]
        at += (length + 3) & ~3


def attributes(data: bytes, at: int = 0) -> dict[int, bytes]:
    """The attributes that begin at an offset of a message's body, by type; of a repeated one the last."""
    from struct import unpack_from

    found: dict[int, bytes] = {}
    while at + 4 <= len(data):
        length, kind = unpack_from("=HH", data, at)
        if length < 4 or at + length > len(data):
            break
        found[kind & NESTED] = data[at + 4 : at + length]
        at += (length + 3) & ~3
    return found
