"""The listening_ports table."""

from __future__ import annotations

from leadline.linux import sockets
from leadline.sql.schema import BIGINT, INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables import context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.sql.schema import Row


@table(
    "listening_ports",
    Column("pid", INTEGER, "Process id, -1 when no process is found that holds the socket."),
    Column("port", INTEGER, "Port; 0 for local sockets."),
    Column("protocol", INTEGER, "Protocol: 6 TCP, 17 UDP, 0 local."),
    Column("family", INTEGER, "Address family: 1 local, 2 IPv4, 10 IPv6, 17 packet."),
    Column("address", TEXT, "Address that is listened on."),
    Column("fd", BIGINT, "Number of the descriptor in the process, -1 when there is none."),
    Column("socket", BIGINT, "Inode number of the socket; 0 for local sockets."),
    Column("path", TEXT, "Path of a local socket."),
    Column("net_namespace", TEXT, "Inode number of the network namespace.", platforms=LINUX),
    *context.CONTEXT,
    platforms=LINUX,
    cacheable=True,
    examples=[
        "SELECT DISTINCT name, l.address, l.port FROM listening_ports l JOIN processes USING (pid) WHERE l.port > 0",
    ],
    notes="From process_open_sockets: the sockets that have no other end, so that bound UDP sockets count as listening."
    " Who holds the sockets of other users' processes only root can see.",
)
def listening_ports(query: Query) -> Rows:
    """Sockets that wait for others to connect or send to them."""
    end = context.ending(query)
    for pid, number, socket, namespace in sockets.opened(query.root):
        inode, family, protocol, address, _, port, remote_port, path, _ = socket
        if remote_port:
            continue
        if family != sockets.UNIX:
            row: Row = (pid, port, protocol, family, address, number, inode, None, str(namespace))
        elif path:
            row = (pid, 0, protocol, family, None, number, 0, path, str(namespace))
        else:
            continue
        yield row if end is None else (*row, *end(pid))
