"""A conversation with the instance metadata service of EC2: version 2 with a token, version 1 where that is allowed.

Source: EC2 User Guide, "Use instance metadata to manage your EC2 instance".
"""

from __future__ import annotations

from time import monotonic, sleep

from leadline.linux import cloud, metadata
from leadline.tables.osquery import runtime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.linux.http1 import Reply
    from leadline.sql.schema import Query

DOCUMENT = "/latest/dynamic/instance-identity/document"

_LIFETIME = "21600"  # seconds that a token is good for, the longest there is
_TOKEN_SECONDS = 1.0  # in a container the answer may have too few hops left to reach us, and never come
_CONNECT_SECONDS = 1.0
_WAIT_LIMIT = 60.0


class Session:
    """A service, and the token for it; the token is None for version 1.

    ``sure`` says whether the machine is known to have such a service: one that may have none gets little time.
    """

    __slots__ = ("endpoint", "query", "sure", "token")

    def __init__(self, query: Query, endpoint: str, sure: bool) -> None:
        self.query = query
        self.endpoint = endpoint
        self.sure = sure
        self.token: str | None = None

    def get(self, path: str) -> bytes | None:
        """What the service has at a path, quoted already: empty when it has nothing there, None when it fails."""
        headers = {} if self.token is None else {"X-aws-ec2-metadata-token": self.token}
        try:
            reply = self.ask("GET", path, headers, metadata.SECONDS)
        except (OSError, ValueError) as error:
            self.query.warn(f"the EC2 metadata service fails at {path}: {error}")
            return None
        if reply.status == 404:
            return b""
        return reply.body if reply.status == 200 else None

    def document(self, path: str) -> dict[str, object]:
        """The JSON object at a path; empty when there is none."""
        import json

        try:
            decoded = json.loads(self.get(path) or b"null")
        except (ValueError, RecursionError):
            return {}
        return decoded if isinstance(decoded, dict) else {}

    def ask(self, method: str, path: str, headers: dict[str, str], seconds: float) -> Reply:
        """One request. Raises what :func:`leadline.linux.metadata.ask` raises."""
        return metadata.ask(
            self.endpoint,
            path,
            headers,
            method=method,
            connect=_CONNECT_SECONDS if self.sure else metadata.QUICK,
            seconds=seconds if self.sure or self.token is not None else metadata.QUICK,
            cancelled=self.query.cancelled,
        )


def session(query: Query) -> Session | None:
    """The service of the machine that runs the query; None when it has none, or does not answer.

    A machine that is known to run somewhere else is not asked. The flag ``ec2_metadata_endpoint`` names a service that
    is asked in any case.
    """
    if query.root:
        query.warn("the EC2 metadata service belongs to the running machine and says nothing of another root")
        return None
    endpoint = runtime.text(query, "ec2_metadata_endpoint", "")
    provider = cloud.AWS if endpoint else cloud.provider("")
    if provider not in (cloud.AWS, cloud.OPENSTACK, ""):
        return None
    return answering(Session(query, endpoint or metadata.ADDRESS, sure=provider == cloud.AWS))


def answering(opened: Session) -> Session | None:
    """The session with a token, or without one where version 1 answers and may be asked; None when nothing does."""
    query = opened.query
    try:
        opened.token = _token(opened)
        if opened.token is not None:
            return opened
        if runtime.switch(query, "aws_disable_imdsv1_fallback", False):
            return None
        first = opened.ask("GET", "/latest/meta-data/", {}, metadata.SECONDS)
    except (OSError, ValueError) as error:
        if opened.sure:
            query.warn(f"the EC2 metadata service does not answer: {error}")
        return None
    return opened if first.status == 200 else None


def _token(opened: Session) -> str | None:
    """A token; None when the service gives none. Raises OSError and ValueError when there may be no service."""
    query = opened.query
    headers = {"X-aws-ec2-metadata-token-ttl-seconds": _LIFETIME}
    base = runtime.number(query, "aws_imdsv2_request_interval", 3)
    interval = float(base)
    for attempt in range(runtime.number(query, "aws_imdsv2_request_attempts", 3)):
        if attempt:
            _wait(query, min(interval, _WAIT_LIMIT))
            interval *= base
        if query.cancelled():
            break
        try:
            reply = opened.ask("PUT", "/latest/api/token", headers, _TOKEN_SECONDS)
        except (metadata.UnconnectedError, metadata.AddressError):
            raise
        except (OSError, ValueError):
            if opened.sure:
                continue
            raise
        token = reply.body.decode("ascii", "replace").strip()
        if reply.status == 200 and token and all("!" <= one <= "~" for one in token):
            return token
        # A service that knows version 1 only, or that is told to give none, says so once and for all.
        if 400 <= reply.status < 500 or not opened.sure:
            break
    return None


def _wait(query: Query, seconds: float) -> None:
    end = monotonic() + seconds
    while (left := end - monotonic()) > 0 and not query.cancelled():
        sleep(min(left, 0.1))
