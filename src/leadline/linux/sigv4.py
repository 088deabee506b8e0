"""AWS Signature Version 4: the headers that sign a request (IAM User Guide, "AWS Signature Version 4")."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_ALGORITHM = "AWS4-HMAC-SHA256"


class Credentials:
    """An access key; ``token`` goes with keys that are lent for a time."""

    __slots__ = ("key", "secret", "token")

    def __init__(self, key: str, secret: str, token: str = "") -> None:
        self.key = key
        self.secret = secret
        self.token = token


def sign(
    credentials: Credentials,
    region: str,
    service: str,
    seconds: float,
    method: str,
    target: str,
    headers: Mapping[str, str],
    body: bytes = b"",
) -> dict[str, str]:
    """The headers of a request with those added that sign it: the time, the token if there is one, the signature.

    ``seconds`` is now, since the epoch. ``target`` is a path, quoted once, with or without a query; ``headers`` hold
    Host at least. Amazon S3, which has rules of its own for paths, is not meant.
    """
    from hashlib import sha256
    from time import gmtime, strftime

    now = strftime("%Y%m%dT%H%M%SZ", gmtime(seconds))
    signed = {**headers, "X-Amz-Date": now}
    if credentials.token:
        signed["X-Amz-Security-Token"] = credentials.token
    names, canonical = _canonical(method, target, signed, sha256(body).hexdigest())
    scope = f"{now[:8]}/{region}/{service}/aws4_request"
    text = f"{_ALGORITHM}\n{now}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
    signature = _signature(credentials.secret, scope, text)
    signed["Authorization"] = (
        f"{_ALGORITHM} Credential={credentials.key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return signed


def _canonical(method: str, target: str, headers: Mapping[str, str], digest: str) -> tuple[str, str]:
    """The names of the headers that are signed, and the request in the one form that both sides agree on."""
    lowered = sorted((name.lower(), " ".join(value.split())) for name, value in headers.items())
    names = ";".join(name for name, _ in lowered)
    path, _, query = target.partition("?")
    lines = [method, _path(path), _query(query), *(f"{name}:{value}" for name, value in lowered), "", names, digest]
    return names, "\n".join(lines)


def _path(path: str) -> str:
    """The path without dots and doubled slashes, quoted once more."""
    from urllib.parse import quote

    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    last = "/" if parts and path.endswith(("/", "/.", "/..")) else ""
    return quote(f"/{'/'.join(parts)}{last}", safe="/-_.~")


def _query(query: str) -> str:
    """The parameters in order of name and value, each quoted the strict way."""
    from urllib.parse import quote, unquote

    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    quoted = [(quote(unquote(name), safe="-_.~"), quote(unquote(value), safe="-_.~")) for name, _, value in pairs]
    return "&".join(f"{name}={value}" for name, value in sorted(quoted))


def _signature(secret: str, scope: str, text: str) -> str:
    """The signature of ``text`` with the key made for the scope: day, region and service."""
    import hmac

    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()
