"""Finding Podman's services, of which a machine may have one for the system and one for each user."""

from __future__ import annotations

import os

from leadline.linux import files
from leadline.tables.containers.docker import Daemon
from leadline.tables.containers.values import entries, text
from leadline.tables.osquery import runtime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadline.sql.schema import Query

SOCKETS = "/run/podman/podman.sock,/run/user/*/podman/podman.sock"
_SECONDS = 5.0  # a user's service must not hold up those of the others for long
_LIMIT = 4 << 20  # bytes of an answer, some thousand containers: decoded, anything may take twenty times as much
_LIBPOD = "/v1.0.0/libpod"  # every version of Podman from 2.0 on answers to this one


def sockets(query: Query) -> Iterator[tuple[int | None, str]]:
    """The path of each socket there is, by the flag podman_sockets, with the user that has to listen there.

    A directory `*` stands for the ids of users, as in /run/user; with any other path, anybody may listen (None). Of
    what is not there or out of our reach nothing is said.
    """
    for pattern in runtime.text(query, "podman_sockets", SOCKETS).split(","):
        before, star, after = pattern.strip().partition("*")
        if not star:
            found: list[tuple[int | None, str]] = [(None, before)]
        else:
            users = sorted(int(name) for name in files.names(before) if name.isascii() and name.isdigit())
            found = [(uid, f"{before}{uid}{after}") for uid in users]
        for uid, path in found:
            if os.path.exists(path):
                yield uid, path


def daemon(query: Query, owner: int | None, path: str) -> Daemon:
    """The service at a socket. What others listen with at a user's path is not asked."""
    return Daemon(query, path, owner=owner, seconds=_SECONDS, limit=_LIMIT)


def pods(source: Daemon) -> dict[str | None, object]:
    """What Podman's own API says about each container, by its id: one request.

    The only difference to Docker's that matters here is that it knows of pods.
    """
    return {text(one, "Id"): one for one in entries(source.get(f"{_LIBPOD}/containers/json?all=true"))}
