"""Asking LXD's daemon for what the lxd_* tables list.

Source: LXD documentation, "REST API". An answer is an object whose ``metadata`` is what was asked for.
"""

from __future__ import annotations

import os

from leadline.tables.containers import daemon
from leadline.tables.containers.values import at, entries, text
from leadline.tables.osquery import runtime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadline.sql.schema import Query

_USUAL = "/var/lib/lxd/unix.socket"
_ELSEWHERE = ("/var/snap/lxd/common/lxd/unix.socket", "/var/lib/incus/unix.socket")


class Daemon:
    """The daemon during one scan of a table."""

    __slots__ = ("_daemon", "_query")

    def __init__(self, query: Query) -> None:
        self._query = query
        self._daemon = daemon.Daemon(query, _socket(query))

    def get(self, target: str, complain: bool = True) -> object:
        """The metadata of the answer to ``GET target``, quoted already; None when there is none.

        ``complain`` says whether an answer with a bad status, other than 404, is worth a warning.
        """
        answer = self._daemon.ask(target)
        if answer is None:
            return None
        if answer.status == 200:
            return at(answer.document, "metadata")
        if complain and answer.status != 404:
            reason = text(answer.document, "error") or "no reason given"
            self._query.warn(f"{self._daemon.path}: {target}: status {answer.status}: {reason[:500]}")
        return None

    def all(self, kind: str, complain: bool = True) -> list[object]:
        """The objects of a kind, such as ``networks``, each whole."""
        return [one for one in entries(self.get(f"/1.0/{kind}?recursion=1", complain)) if isinstance(one, dict)]

    def instances(self, names: tuple[object, ...] | None) -> Iterator[tuple[str, str, object]]:
        """Instances with the path and name of each: all of them, or those that are named.

        Daemons older than version 3.19 know containers only.
        """
        if names is None:
            found = self.get("/1.0/instances?recursion=1")
            kind = "instances" if isinstance(found, list) else "containers"
            for one in found if isinstance(found, list) else self.all(kind):
                name = text(one, "name")
                if name:
                    yield f"/1.0/{kind}/{quoted(name)}", name, one
            return
        for wanted in names:
            if not isinstance(wanted, str) or not wanted:
                continue
            for kind in ("instances", "containers"):
                path = f"/1.0/{kind}/{quoted(wanted)}"
                one = self.get(path)
                if isinstance(one, dict):
                    yield path, wanted, one
                    break


def quoted(name: str) -> str:
    """A name as one part of a path."""
    from urllib.parse import quote

    return quote(name, safe="")


def _socket(query: Query) -> str:
    """The socket that the flag names, or where packages put it when nothing is at the usual place."""
    named = runtime.text(query, "lxd_socket", _USUAL)
    if named == _USUAL and not os.path.exists(named):
        return next((path for path in _ELSEWHERE if os.path.exists(path)), named)
    return named
