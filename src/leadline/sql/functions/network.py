"""IP addresses in SQL."""

from __future__ import annotations

from _socket import AF_INET, AF_INET6, inet_pton

from leadline.sql.errors import SQLError
from leadline.sql.functions.arguments import text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.sql.schema import Value


def address(name: str) -> bytes | None:
    """The 4 or 16 bytes of a written address, None when it is none. A scope (``%eth0``) is left out."""
    try:
        if ":" in name:
            return inet_pton(AF_INET6, name.partition("%")[0])
        return inet_pton(AF_INET, name)
    except (OSError, ValueError):
        return None


def inet_aton(value: Value) -> int | None:
    """An IPv4 address as an integer; NULL for anything else."""
    if value is None:
        return None
    packed = address(text(value))
    return int.from_bytes(packed, "big") if packed is not None and len(packed) == 4 else None


def in_cidr_block(block: Value, value: Value) -> int:
    """Whether the address is one that a host in the block may have: 1 or 0.

    For IPv4 that leaves out the network's own address and the broadcast address, unless the block is one address.
    Raises SQLError for what is not text, no address, no block, or of two families.
    """
    if not isinstance(block, str):
        raise SQLError("CIDR must be a string")
    if not isinstance(value, str):
        raise SQLError("IP address must be a string")
    packed = address(text(value))
    if packed is None:
        raise SQLError("IP address cannot be parsed")
    bits = 8 * len(packed)
    name, _, prefix = text(block).partition("/")
    network = address(name)
    if network is None or len(network) != len(packed) or not _is_prefix(prefix, bits):
        raise SQLError(f"CIDR for IP address v{4 if bits == 32 else 6} cannot be parsed")
    host = bits - int(prefix)
    number = int.from_bytes(packed, "big")
    if number >> host != int.from_bytes(network, "big") >> host:
        return 0
    hosts = (1 << host) - 1
    return int(bits == 128 or host == 0 or number & hosts not in (0, hosts))


def _is_prefix(digits: str, bits: int) -> bool:
    return len(digits) < 10 and digits.isascii() and digits.isdigit() and int(digits) <= bits
