"""The columns that docker_containers and podman_containers share, out of Docker's answers."""

from __future__ import annotations

from leadline.tables.containers import docker
from leadline.tables.containers.values import at, digest, number, text, texts, yes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.sql.schema import Query, Value

_DETAILS = (
    "pid", "path", "config_entrypoint", "started_at", "finished_at", "privileged", "security_options",
    "env_variables", "readonly_rootfs",
)  # fmt: skip
_NAMESPACES = tuple(f"{name}_namespace" for name in docker.NAMESPACES)


def summary(identifier: str, container: object, slash: bool = True) -> tuple[Value, ...]:
    """The columns from id to status, out of a member of the list of containers.

    ``slash`` keeps the one in front of the name, which is Docker's way to tell names from links.
    """
    name = next(iter(texts(container, "Names")), None)
    return (
        identifier,
        name if slash or name is None else name.removeprefix("/"),
        text(container, "Image"),
        digest(container, "ImageID"),
        text(container, "Command"),
        number(container, "Created"),
        text(container, "State"),
        text(container, "Status"),
    )


def rest(query: Query, source: docker.Daemon, container: object) -> tuple[Value, ...]:
    """The columns from pid to uts_namespace: one request when one of them is read, else all None."""
    if not query.uses(*_DETAILS, *_NAMESPACES):
        return (None,) * (len(_DETAILS) + len(_NAMESPACES))
    found = docker.inspected(source, container)
    pid = number(found, "State", "Pid")
    running = text(container, "State") == "running"
    return (
        pid,
        text(found, "Path"),
        _joined(found, "Config", "Entrypoint"),
        text(found, "State", "StartedAt"),
        "" if running else text(found, "State", "FinishedAt"),
        yes(found, "HostConfig", "Privileged"),
        _joined(found, "HostConfig", "SecurityOpt"),
        _joined(found, "Config", "Env"),
        yes(found, "HostConfig", "ReadonlyRootfs"),
        *docker.namespaces(pid if query.uses(*_NAMESPACES) else None),
    )


def _joined(document: object, *keys: str) -> str | None:
    """The words of a list in one string; empty also for a list that is null, None without the rest of the answer."""
    return None if at(document, *keys[:-1]) is None else ", ".join(texts(document, *keys))
