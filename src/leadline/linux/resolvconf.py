"""Where names are looked up. Format: resolv.conf(5), read as glibc's res_init does."""

from __future__ import annotations

from leadline.linux import files, hostname, rooted
from leadline.linux.text import decode

NAMESERVER = "nameserver"
SORTLIST = "sortlist"
SEARCH = "search"

_MOST_SERVERS = 3  # MAXNS of resolv.h
_MOST_DOMAINS = 6  # MAXDNSRCH
_MOST_SORTED = 10  # MAXRESOLVSORT
_BLANKS = b" \t"

# RES_INIT, RES_RECURSE, RES_DEFNAMES and RES_DNSRCH of resolv.h are always set, the others by an option's name.
_ALWAYS = 0x1 | 0x40 | 0x80 | 0x200
_OPTIONS = (
    (b"debug", 0x2),
    (b"use-vc", 0x8),
    (b"inet6", 0x2000),
    (b"rotate", 0x4000),
    (b"edns0", 0x100000),
    (b"single-request-reopen", 0x400000),
    (b"single-request", 0x200000),
    (b"no-tld-query", 0x1000000),
    (b"no_tld_query", 0x1000000),
    (b"no-reload", 0x2000000),
    (b"trust-ad", 0x4000000),
    (b"no-aaaa", 0x8000000),
)


class Resolvers:
    """Name servers, networks whose addresses are preferred as (address, prefix length), domains, and option bits."""

    __slots__ = ("domains", "options", "servers", "sorted")

    def __init__(self) -> None:
        self.servers: list[str] = []
        self.sorted: list[tuple[str, int]] = []
        self.domains: list[str] = []
        self.options = _ALWAYS


def read(root: str) -> Resolvers:
    """The resolvers of a system: without any that are named, the one on this machine."""
    found = Resolvers()
    for line in (files.read(rooted.path(root, "/etc/resolv.conf"), 1 << 20) or b"").split(b"\n"):
        keyword, _, rest = line.replace(b"\t", b" ").partition(b" ")
        words = rest.split()
        if keyword == b"nameserver" and words and len(found.servers) < _MOST_SERVERS:
            if address := _address(words[0]):
                found.servers.append(address)
        elif keyword == b"domain" and words:
            found.domains = [decode(words[0])]
        elif keyword == b"search" and words:
            found.domains = [decode(word) for word in words[:_MOST_DOMAINS]]
        elif keyword == b"sortlist":
            found.sorted = [pair for word in words if (pair := _network(word))][:_MOST_SORTED]
        elif keyword == b"options":
            for word in words:
                found.options |= next((bit for name, bit in _OPTIONS if word.startswith(name)), 0)
    if not found.servers:
        found.servers.append("127.0.0.1")
    if not found.domains:
        _, dot, domain = hostname.short(root).partition(".")
        found.domains = [domain] if dot and domain else []
    return found


def _address(word: bytes) -> str | None:
    """An address as it is printed, with the zone of a link-local one; None for what is none."""
    from _socket import AF_INET, AF_INET6, inet_aton, inet_ntop, inet_pton

    text, percent, zone = word.decode("latin-1").partition("%")
    try:
        if not percent:
            return inet_ntop(AF_INET, inet_aton(text))
    except (OSError, ValueError):
        pass
    try:
        return inet_ntop(AF_INET6, inet_pton(AF_INET6, text)) + percent + decode(zone.encode("latin-1"))
    except (OSError, ValueError):
        return None


def _network(word: bytes) -> tuple[str, int] | None:
    """Address and prefix length of ``address/mask``; the mask of the address's class when there is none."""
    from _socket import inet_aton, inet_ntoa

    head, _, mask = word.replace(b"&", b"/").partition(b"/")
    try:
        address = inet_aton(head.decode("ascii"))
        bits = inet_aton(mask.decode("ascii")) if mask else _class_mask(address[0])
    except (OSError, ValueError):
        return None
    return inet_ntoa(address), int.from_bytes(bits, "big").bit_count()


def _class_mask(first: int) -> bytes:
    size = 1 if first < 128 else 2 if first < 192 else 3
    return b"\xff" * size + b"\0" * (4 - size)
