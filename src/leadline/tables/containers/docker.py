"""Asking a daemon that speaks Docker's API for what the docker_* tables list.

Requests go without a version in front of the path: the daemon then answers as its newest one, and the tables live with
what it leaves out. https://docs.docker.com/reference/api/engine/
"""

from __future__ import annotations

from leadline.linux import files, unixhttp
from leadline.tables.containers import daemon as daemons
from leadline.tables.containers.values import at, entries, pairs, text
from leadline.tables.osquery import runtime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadline.sql.schema import Query, Value

_LETTERS = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.-")
_LONGEST = 255  # characters of an identifier or name that is worth asking for
_DIGEST = 64  # characters of a whole identifier
_MANY = 100  # identifiers from which on asking for all is the shorter request

_GONE = (404, 409)  # no such thing (any more); a container that does not run
NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")


class Daemon:
    """A daemon during one scan of a table."""

    __slots__ = ("_daemon", "_query")

    def __init__(
        self,
        query: Query,
        path: str,
        *,
        owner: int | None = None,
        seconds: float | None = None,
        limit: int = unixhttp.LIMIT,
    ) -> None:
        self._query = query
        self._daemon = daemons.Daemon(query, path, owner=owner, seconds=seconds, limit=limit)

    @property
    def uid(self) -> int | None:
        """The user that it runs as, once it answered."""
        return self._daemon.uid

    def get(self, target: str) -> object:
        """The decoded answer to ``GET target``; None when there is none or it says that there is no such thing."""
        answer = self._daemon.ask(target)
        if answer is None:
            return None
        if answer.status == 200:
            return answer.document
        if answer.status not in _GONE:
            reason = text(answer.document, "message") or "no reason given"
            self._query.warn(f"{self._daemon.path}: GET {target}: status {answer.status}, {reason[:_LONGEST]}")
        return None


def daemon(query: Query) -> Daemon:
    """The daemon at the socket that the flag docker_socket names."""
    return Daemon(query, runtime.text(query, "docker_socket", "/var/run/docker.sock"))


def wanted(query: Query, column: str = "id") -> list[str] | None:
    """The identifiers that a statement names and that can be one, as it names them; None when it names none.

    Docker takes an unambiguous beginning for the whole, and so do the tables.
    """
    values = query.equals(column)
    if values is None:
        return None
    return [one for one in values if isinstance(one, str) and _sound(one)]


def _sound(identifier: str) -> bool:
    """Whether it may stand in a path: nothing that would lead elsewhere."""
    return 0 < len(identifier) <= _LONGEST and identifier[0] not in "._-" and _LETTERS.issuperset(identifier)


def shown(identifier: str | None, names: list[str] | None) -> str | None:
    """What the column id says: the beginning that the statement names, else the whole; None for no row."""
    if names is None or identifier is None:
        return identifier
    return next((name for name in names if identifier.startswith(name.lower())), None)


def part(path: str, identifier: str, what: str) -> str:
    """The path of one thing: ``part("/containers", ID, "/json")``. The identifier has to be a sound one."""
    from urllib.parse import quote

    # Columns of identifiers are compared without regard to case, and Docker writes whole ones small.
    return f"{path}/{quote(identifier.lower() if len(identifier) == _DIGEST else identifier, safe='')}{what}"


def containers(query: Query, source: Daemon) -> Iterator[tuple[str, object]]:
    """Each container's id as the rows show it, and what the list says about it: one request.

    Running ones; with a constraint on the id also those that do not run.
    """
    names = wanted(query)
    if names is None:
        yield from listed(source.get("/containers/json"), names)
    elif names:
        yield from listed(source.get("/containers/json?all=1" + _filter(names)), names)


def _filter(names: list[str]) -> str:
    import json
    from urllib.parse import quote

    if len(names) > _MANY:
        return ""
    asked = json.dumps({"id": {name.lower(): True for name in names}}, separators=(",", ":"))
    return "&filters=" + quote(asked, safe="")


def listed(document: object, names: list[str] | None, key: str = "Id") -> Iterator[tuple[str, object]]:
    """The members of a list that a statement asks for, each with its identifier as the rows show it."""
    for one in entries(document):
        identifier = text(one, key)
        found = shown(identifier and identifier.removeprefix("sha256:"), names)
        if found:
            yield found, one


def inspected(source: Daemon, container: object) -> object:
    """All about one container of the list; None when it is gone: one request."""
    identifier = text(container, "Id") or ""
    return source.get(part("/containers", identifier, "/json")) if _sound(identifier) else None


def images(query: Query, source: Daemon) -> Iterator[str]:
    """The identifiers of the images that a statement names, as it names them, else of all: at most one request."""
    names = wanted(query)
    if names is not None:
        yield from names
        return
    for identifier, _ in listed(source.get("/images/json"), None):
        if _sound(identifier):
            yield identifier


def volumes(source: Daemon) -> Iterator[tuple[str, object]]:
    """Each volume's name and what the list says about it: one request."""
    return listed(at(source.get("/volumes"), "Volumes"), None, "Name")


def labels(listing: Iterator[tuple[str, object]]) -> Iterator[tuple[str, str, str | None]]:
    """The identifier, key and value of every label of what is listed."""
    for identifier, one in listing:
        for key, value in pairs(one, "Labels"):
            yield identifier, key, text(value)


def namespaces(pid: int | None) -> list[Value]:
    """The numbers of a process's namespaces in the order of NAMESPACES; None for each that cannot be looked at."""
    if not pid or pid < 0:
        return [None] * len(NAMESPACES)
    return [_namespace(f"/proc/{pid}/ns/{name}") for name in NAMESPACES]


def _namespace(path: str) -> str | None:
    """The number in a link such as ``net:[4026531840]``, namespaces(7)."""
    target = files.link(path)
    return None if target is None else target.partition("[")[2].rstrip("]")
