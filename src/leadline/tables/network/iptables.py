"""The iptables table."""

from __future__ import annotations

from leadline.linux import xtables
from leadline.linux.text import decode
from leadline.sql.schema import INTEGER, LINUX, TEXT, Column, Query, Rows, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_HIGHEST = (1 << 63) - 1


@table(
    "iptables",
    Column("filter_name", TEXT, "Table: filter, nat, mangle, raw or security."),
    Column("chain", TEXT, "Chain of the table."),
    Column("policy", TEXT, "What happens to packets at the end of a built-in chain: ACCEPT or DROP; empty for others."),
    Column("target", TEXT, "What the rule does: ACCEPT, DROP, RETURN, another chain, or a module such as `LOG`."),
    Column("protocol", INTEGER, "Number of the protocol, 0 for all; NULL when the rule is for all but one."),
    Column("src_port", TEXT, "Ports packets come from, as in `0:65535` or `80,443`; empty where there are none."),
    Column("dst_port", TEXT, "Ports packets go to, written the same way."),
    Column("src_ip", TEXT, "Address packets come from; `!` before it stands for all others."),
    Column("src_mask", TEXT, "Mask of that address."),
    Column("iniface", TEXT, "Interface packets arrive at; `!` before it stands for all others, `all` for any."),
    Column("iniface_mask", TEXT, "Bytes of its name that count, in hexadecimal: `FFFFFF` for names like `eth+`."),
    Column("dst_ip", TEXT, "Address packets go to; `!` before it stands for all others."),
    Column("dst_mask", TEXT, "Mask of that address."),
    Column("outiface", TEXT, "Interface packets leave by; `!` before it stands for all others, `all` for any."),
    Column("outiface_mask", TEXT, "Bytes of its name that count, in hexadecimal."),
    Column("match", TEXT, "`yes` when modules look at the packet too, such as tcp or conntrack, else `no`."),
    Column("packets", INTEGER, "Packets the rule applied to; of a chain's own row those its policy applied to."),
    Column("bytes", INTEGER, "Bytes of these packets."),
    platforms=LINUX,
    live=True,
    asks="the running kernel",
    examples=[
        "SELECT filter_name, chain, policy FROM iptables WHERE policy <> '' AND target IS NULL",
        "SELECT chain, src_ip, dst_port, target FROM iptables WHERE filter_name = 'filter' AND protocol = 6",
    ],
    notes=(
        "IPv4 rules of the legacy iptables, asked of the kernel, which needs root. A row for each rule, then one for"
        " the chain, whose columns from target to match are NULL. Only tables in use are there. Rules made with nft or"
        " iptables-nft, the default of today's distributions, are not."
    ),
)
def iptables(query: Query) -> Rows:
    """Rules and policies of the packet filter that iptables sets up."""
    names = xtables.tables(query.root)
    if names is None:
        query.warn("iptables needs root, and a kernel with the legacy packet filter")
    for name in names or ():
        try:
            chains = xtables.chains(name)
        except OSError as error:
            query.warn(f"iptables cannot read the table {name}: {error.strerror}")
            continue
        addresses, interfaces, masks = _Texts(_address), _Texts(_interface), _Texts(_mask)
        for chain in chains:
            start = name, chain.name, chain.policy or ""
            for rule in chain.rules():
                inverted = rule.inverted
                source, destination = addresses[rule.source], addresses[rule.destination]
                arriving, leaving = interfaces[rule.input], interfaces[rule.output]
                yield (
                    *start, rule.target, None if inverted & xtables.PROTOCOL else rule.protocol,
                    rule.source_ports or "", rule.destination_ports or "",
                    f"!{source}" if inverted & xtables.SOURCE else source, addresses[rule.source_mask],
                    f"!{arriving}" if inverted & xtables.IN and arriving != "all" else arriving, masks[rule.input_mask],
                    f"!{destination}" if inverted & xtables.DESTINATION else destination,
                    addresses[rule.destination_mask],
                    f"!{leaving}" if inverted & xtables.OUT and leaving != "all" else leaving, masks[rule.output_mask],
                    "yes" if rule.matches else "no", _counter(rule.packets), _counter(rule.bytes),
                )  # fmt: skip
            yield *start, *(None,) * 13, _counter(chain.packets), _counter(chain.bytes)


class _Texts(dict[bytes, str]):
    """Bytes as text, made once: most rules have the same."""

    __slots__ = ("_make",)

    def __init__(self, make: Callable[[bytes], str]) -> None:
        self._make = make

    def __missing__(self, data: bytes) -> str:
        text = self[data] = self._make(data)
        return text


def _address(data: bytes) -> str:
    return ".".join(map(str, data))


def _interface(data: bytes) -> str:
    return decode(data.split(b"\0", 1)[0]) or "all"


def _mask(data: bytes) -> str:
    """The bytes up to the first zero, in hexadecimal."""
    return data.split(b"\0", 1)[0].hex().upper()


def _counter(number: int) -> int:
    """A counter of 64 bits, as far as a column goes."""
    return min(number, _HIGHEST)
