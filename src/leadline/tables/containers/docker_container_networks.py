"""The docker_container_networks table."""

from __future__ import annotations

from leadline.sql.schema import INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.containers import docker
from leadline.tables.containers.values import number, pairs, text


@table(
    "docker_container_networks",
    Column("id", TEXT, "Identifier of the container, or its beginning as asked for.", index=True, collate="nocase"),
    Column("name", TEXT, "Name of the network.", index=True),
    Column("network_id", TEXT, "Identifier of the network.", collate="nocase"),
    Column("endpoint_id", TEXT, "Identifier of the container's end of it.", collate="nocase"),
    Column("gateway", TEXT, "IPv4 gateway."),
    Column("ip_address", TEXT, "IPv4 address of the container."),
    Column("ip_prefix_len", INTEGER, "Length of the IPv4 network's prefix in bits."),
    Column("ipv6_gateway", TEXT, "IPv6 gateway."),
    Column("ipv6_address", TEXT, "Global IPv6 address of the container."),
    Column("ipv6_prefix_len", INTEGER, "Length of the IPv6 network's prefix in bits."),
    Column("mac_address", TEXT, "Hardware address of the container's interface.", collate="nocase"),
    platforms=LINUX,
    live=True,
    asks="a running daemon",
    examples=["SELECT id, name, ip_address FROM docker_container_networks WHERE ip_address <> ''"],
    notes=(
        "Running containers; with a constraint on the id also those that do not run. One request to the daemon;"
        " empty when none runs. A container that does not run keeps its networks but has no addresses."
    ),
)
def docker_container_networks(query: Query) -> Rows:
    """Networks that Docker containers are connected to."""
    for identifier, container in docker.containers(query, docker.daemon(query)):
        for name, network in pairs(container, "NetworkSettings", "Networks"):
            yield (
                identifier,
                name,
                text(network, "NetworkID"),
                text(network, "EndpointID"),
                text(network, "Gateway"),
                text(network, "IPAddress"),
                number(network, "IPPrefixLen"),
                text(network, "IPv6Gateway"),
                text(network, "GlobalIPv6Address"),
                number(network, "GlobalIPv6PrefixLen"),
                text(network, "MacAddress"),
            )
