from __future__ import annotations

import os
import socket


def test_a_server_with_two_clients(live) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(2)]
        accepted = [server.accept()[0] for _ in clients]
        try:
            rows = live(
                "SELECT direction, state, address, connections, processes, path FROM network_connections_summary"
                f" WHERE port = {port} AND protocol = 6 AND state IN ('LISTEN', 'ESTABLISHED') ORDER BY direction DESC"
            )
            path = os.readlink("/proc/self/exe")
            assert [tuple(row.values()) for row in rows] == [
                ("outbound", "ESTABLISHED", "127.0.0.1", 2, 1, path),
                ("listening", "LISTEN", "127.0.0.1", 1, 1, path),
                ("inbound", "ESTABLISHED", "127.0.0.1", 2, 1, path),
            ]
        finally:
            for one in clients + accepted:
                one.close()


def test_the_captured_machine(captured) -> None:
    rows = captured("SELECT * FROM network_connections_summary WHERE name = 'nginx' OR name IS NULL ORDER BY direction")
    found = [tuple(row[key] for key in ("name", "direction", "protocol", "state", "address", "port")) for row in rows]
    assert ("nginx", "inbound", 6, "ESTABLISHED", "10.0.0.11", 80) in found
    sockets = captured(
        "SELECT COUNT(DISTINCT socket) AS n FROM process_open_sockets WHERE family IN (2, 10) AND socket > 0"
    )
    total = captured("SELECT SUM(connections) AS n FROM network_connections_summary")
    assert total[0]["n"] >= sockets[0]["n"]
    assert captured("SELECT * FROM network_connections_summary WHERE family NOT IN (2, 10)") == []
