"""The docker_version table."""

from __future__ import annotations

from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.containers import docker
from leadline.tables.containers.values import text

KEYS = (
    "Version", "ApiVersion", "MinAPIVersion", "GitCommit", "GoVersion", "Os", "Arch", "KernelVersion", "BuildTime",
)  # fmt: skip


@table(
    "docker_version",
    Column("version", TEXT, "Version of the Docker daemon.", collate="version"),
    Column("api_version", TEXT, "Newest version of the API that the daemon speaks.", collate="version"),
    Column("min_api_version", TEXT, "Oldest version of the API that the daemon speaks.", collate="version"),
    Column("git_commit", TEXT, "Commit that the daemon was built from."),
    Column("go_version", TEXT, "Version of the Go compiler that built it.", collate="version"),
    Column("os", TEXT, "Operating system it was built for."),
    Column("arch", TEXT, "Hardware architecture it was built for."),
    Column("kernel_version", TEXT, "Version of the kernel it runs on.", collate="version"),
    Column("build_time", TEXT, "Time it was built at."),
    platforms=LINUX,
    cacheable=True,
    live=True,
    asks="a running daemon",
    examples=["SELECT version, api_version FROM docker_version"],
    notes=(
        "From the daemon at the socket of the flag docker_socket, in one request; empty when no daemon runs."
        " Reading the socket takes root or the group docker."
    ),
)
def docker_version(query: Query) -> Rows:
    """Version of the Docker daemon and of what it was built with."""
    document = docker.daemon(query).get("/version")
    if isinstance(document, dict):
        yield [text(document, key) for key in KEYS]
