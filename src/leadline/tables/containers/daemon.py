"""A daemon that is asked over a UNIX socket during one scan of a table."""

from __future__ import annotations

from leadline.linux import unixhttp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.linux.unixhttp import Answer
    from leadline.sql.schema import Query


class Daemon:
    """After a request without an answer it is not asked again. ``uid`` is the user it runs as, once it answered."""

    __slots__ = ("_deaf", "_limit", "_owner", "_query", "_seconds", "path", "uid")

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
        self.path = path
        self._owner = owner
        self._seconds = unixhttp.SECONDS if seconds is None else seconds
        self._limit = limit
        self._deaf = False
        self.uid: int | None = None

    def ask(self, target: str) -> Answer | None:
        """The answer to ``GET target``, whatever its status; None when there is none, or nobody waits any more."""
        if self._deaf or self._query.cancelled():
            return None
        answer = unixhttp.get(
            self.path,
            target,
            self._query.warn,
            cancelled=self._query.cancelled,
            seconds=self._seconds,
            limit=self._limit,
            owner=self._owner,
        )
        if answer is None:
            self._deaf = True
        else:
            self.uid = answer.uid
        return answer
