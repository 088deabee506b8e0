"""The docker_networks table."""

from __future__ import annotations

from leadline.sql.schema import BIGINT, INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.containers import docker
from leadline.tables.containers.values import entries, moment, text, yes


@table(
    "docker_networks",
    Column("id", TEXT, "Identifier of the network, or its beginning as asked for.", index=True, collate="nocase"),
    Column("name", TEXT, "Name of the network."),
    Column("driver", TEXT, "Driver, such as `bridge` or `overlay`."),
    Column("created", BIGINT, "Time it was made, in seconds since 1970."),
    Column("enable_ipv6", INTEGER, "1 when it carries IPv6, else 0."),
    Column("subnet", TEXT, "Its first subnet."),
    Column("gateway", TEXT, "Gateway of that subnet."),
    platforms=LINUX,
    live=True,
    asks="a running daemon",
    examples=["SELECT name, driver, subnet FROM docker_networks"],
    notes="One request to the daemon; empty when none runs. Of several subnets only the first one is shown.",
)
def docker_networks(query: Query) -> Rows:
    """Networks of the Docker daemon."""
    for identifier, network in docker.listed(docker.daemon(query).get("/networks"), docker.wanted(query)):
        first = next(iter(entries(network, "IPAM", "Config")), None)
        yield (
            identifier,
            text(network, "Name"),
            text(network, "Driver"),
            moment(network, "Created"),
            yes(network, "EnableIPv6"),
            text(first, "Subnet"),
            text(first, "Gateway"),
        )
