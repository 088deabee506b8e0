"""The etc_services table."""

from __future__ import annotations

from leadline.linux import services
from leadline.sql.schema import INTEGER, POSIX, TEXT, Column, Query, Rows, table


@table(
    "etc_services",
    Column("name", TEXT, "Name of the service."),
    Column("port", INTEGER, "Port it is registered for."),
    Column("protocol", TEXT, "Transport protocol, such as `tcp` or `udp`."),
    Column("aliases", TEXT, "Further names, separated by spaces."),
    Column("comment", TEXT, "Comment on the same line."),
    platforms=POSIX,
    cacheable=True,
    examples=["SELECT name, protocol FROM etc_services WHERE port = 443"],
    notes="From /etc/services. One row a port and protocol; several names of one port are aliases.",
)
def etc_services(query: Query) -> Rows:
    """Port numbers and the services they are registered for, from the services file."""
    for service in services.entries(query.root):
        yield service.name, service.port, service.protocol, " ".join(service.aliases), service.comment
