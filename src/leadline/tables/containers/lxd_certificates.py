"""The lxd_certificates table."""

from __future__ import annotations

from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.containers.lxd import Daemon
from leadline.tables.containers.values import text


@table(
    "lxd_certificates",
    Column("name", TEXT, "Name of the certificate."),
    Column("type", TEXT, "What it is for, such as `client` or `metrics`."),
    Column("fingerprint", TEXT, "SHA-256 of the certificate.", collate="nocase"),
    Column("certificate", TEXT, "The certificate itself in PEM."),
    platforms=LINUX,
    live=True,
    asks="a running daemon",
    examples=["SELECT name, type, fingerprint FROM lxd_certificates"],
    notes=(
        "From LXD's REST API over the socket that the flag `lxd_socket` names. Whoever holds the key of a client's"
        " certificate may manage this server, that is, be root on it."
    ),
)
def lxd_certificates(query: Query) -> Rows:
    """Certificates that LXD trusts."""
    for certificate in Daemon(query).all("certificates"):
        yield tuple(text(certificate, name) or "" for name in ("name", "type", "fingerprint", "certificate"))
