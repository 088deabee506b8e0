"""The network_connections_summary table."""

from __future__ import annotations

from leadline.linux import cgroup, proc, sockets
from leadline.sql.schema import BIGINT, INTEGER, LINUX, TEXT, Column, Query, Rows, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.linux.sockets import Found

    Program = tuple[str | None, str | None, str | None]
    Group = tuple[str | None, str | None, str | None, str, int, int, str, str, int]

LISTENING = "listening"
INBOUND = "inbound"
OUTBOUND = "outbound"
INTERNET = (sockets.INET, sockets.INET6)


@table(
    "network_connections_summary",
    Column("name", TEXT, "Short name of the process that holds the sockets; empty when none is found."),
    Column("path", TEXT, "Path of its program."),
    Column("container_id", TEXT, "Id or name of the container that it runs in."),
    Column("direction", TEXT, "listening, inbound (to a port that is listened on) or outbound."),
    Column("protocol", INTEGER, "Protocol: 6 TCP, 17 UDP, 255 raw."),
    Column("family", INTEGER, "Address family: 2 IPv4, 10 IPv6."),
    Column("state", TEXT, "State of TCP connections."),
    Column("address", TEXT, "Address of the other end; of listening sockets that of this end."),
    Column("port", INTEGER, "Port of the service: the other end's for outbound, this end's for the others."),
    Column("connections", BIGINT, "Number of sockets."),
    Column("processes", BIGINT, "Number of processes that hold them."),
    platforms=LINUX,
    ours=True,
    examples=[
        "SELECT name, address, port, connections FROM network_connections_summary WHERE direction = 'outbound'",
        "SELECT port, SUM(connections) AS clients FROM network_connections_summary"
        " WHERE direction = 'inbound' AND state = 'ESTABLISHED' GROUP BY port",
    ],
    notes="Counted from the sockets that /proc lists in all network namespaces; who holds those of other users takes"
    " root. Local and packet sockets are left out, and one that several processes share counts once a program.",
)
def network_connections_summary(query: Query) -> Rows:
    """Who talks to whom: the machine's network sockets grouped by program, direction and other end."""
    root = query.root
    held = [one for one in sockets.opened(root) if one[2][1] in INTERNET]
    listened = {
        (namespace, socket[2], socket[5])
        for _, _, socket, namespace in held
        if not socket[6] and (socket[2] != sockets.TCP or socket[8] == "LISTEN")
    }
    programs: dict[int, Program] = {-1: (None, None, None)}
    found: dict[Group, tuple[set[int], set[int], int]] = {}
    for one in held:
        pid, _, socket, _ = one
        if pid not in programs:
            programs[pid] = _program(query, pid)
        key = (*programs[pid], *_group(one, listened))
        inodes, pids, nameless = found.get(key) or (set(), set(), 0)
        if socket[0]:
            inodes.add(socket[0])
        else:
            nameless += 1  # what the kernel alone still keeps, TIME_WAIT, has no inode
        if pid > 0:
            pids.add(pid)
        found[key] = inodes, pids, nameless
    for key, (inodes, pids, nameless) in found.items():
        yield *key, len(inodes) + nameless, len(pids)


def _program(query: Query, pid: int) -> Program:
    root = query.root
    status = proc.status(root, pid) if query.uses("name") else None
    path = proc.executable(root, pid)[0] if query.uses("path") else None
    return status[0] if status else None, path, cgroup.of(root, pid)[1] if query.uses("container_id") else None


def _group(one: Found, listened: set[tuple[int, int, int]]) -> tuple[str, int, int, str, str, int]:
    """Direction, protocol, family, state, address and port that a socket is counted under."""
    _, _, socket, namespace = one
    _, family, protocol, local, remote, port, remote_port, _, state = socket
    if not remote_port:
        return LISTENING, protocol, family, state, local, port
    if (namespace, protocol, port) in listened:
        return INBOUND, protocol, family, state, remote, port
    return OUTBOUND, protocol, family, state, remote, remote_port
