"""The process_open_sockets table."""

from __future__ import annotations

from leadline.linux import sockets
from leadline.sql.schema import BIGINT, INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables import context


@table(
    "process_open_sockets",
    Column("pid", INTEGER, "Process id, -1 when no process is found that holds the socket.", additional=True),
    Column("fd", BIGINT, "Number of the descriptor in the process, -1 when there is none."),
    Column("socket", BIGINT, "Inode number of the socket, 0 when the kernel has let go of it."),
    Column("family", INTEGER, "Address family: 1 local, 2 IPv4, 10 IPv6, 17 packet."),
    Column("protocol", INTEGER, "Protocol: 6 TCP, 17 UDP, 255 raw; for packet sockets that of the frames."),
    Column("local_address", TEXT, "Address of this end."),
    Column("remote_address", TEXT, "Address of the other end; 0.0.0.0 or :: when there is none."),
    Column("local_port", INTEGER, "Port of this end."),
    Column("remote_port", INTEGER, "Port of the other end."),
    Column("path", TEXT, "Path of a local socket; @ begins an abstract name."),
    Column("state", TEXT, "State of a TCP connection."),
    Column("net_namespace", TEXT, "Inode number of the network namespace.", platforms=LINUX),
    *context.CONTEXT,
    platforms=LINUX,
    examples=[
        "SELECT pid, remote_address, remote_port FROM process_open_sockets WHERE state = 'ESTABLISHED'",
        "SELECT name, s.path FROM process_open_sockets s JOIN processes USING (pid) WHERE s.family = 1",
    ],
    notes=(
        "From /proc/PID/net of each network namespace and the links in /proc/PID/fd; who holds the sockets of other"
        " users' processes only root can see. A socket that several processes share has a row for each of their"
        " descriptors."
    ),
)
def process_open_sockets(query: Query) -> Rows:
    """Network and local sockets, with the processes that hold them."""
    end = context.ending(query)
    for pid, number, socket, namespace in sockets.opened(query.root, query.equals("pid")):
        row = (pid, number, *socket, str(namespace))
        yield row if end is None else (*row, *end(pid))
