"""The archives that apt takes packages from, sources.list(5), and what they say of themselves.

A source is known as soon as apt has fetched its Release file, which is kept under a name made from the address.
"""

from __future__ import annotations

from leadline.linux import files, rooted
from leadline.linux.text import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_LISTS = "/var/lib/apt/lists"
_LIMIT = 16 << 20
_NO = ("no", "false", "without", "off", "disable", "0")  # apt-pkg/contrib/strutl.cc, StringToBool
_QUOTED = '\\|{}[]<>"^~_=!@#$%^&*'  # apt-pkg/contrib/strutl.cc, URItoFileName
_SUITES = 10_000  # sources of one file


class Source:
    """One suite of one archive: ``file`` is the file that names it, ``uri`` has no slash at its end."""

    __slots__ = ("file", "suite", "uri")

    def __init__(self, file: str, uri: str, suite: str) -> None:
        self.file = file
        self.uri = uri
        self.suite = suite

    @property
    def name(self) -> str:
        """The address without its scheme, a space, the suite."""
        return f"{self.uri.partition('://')[2] or self.uri.partition(':')[2]} {self.suite}"


def sources(root: str) -> Iterator[Source]:
    """The enabled sources of binary packages: sources.list, then the .list and then the .sources files beside it."""
    from itertools import islice

    folder = "/etc/apt/sources.list.d"
    names = sorted(name for name in files.names(rooted.path(root, folder)) if not name.startswith("."))
    lists = [f"{folder}/{name}" for name in names if name.endswith(".list")]
    for file in ("/etc/apt/sources.list", *lists):
        for uri, suite in islice(one_line(_content(root, file)), _SUITES):
            yield Source(file, uri, suite)
    for file in (f"{folder}/{name}" for name in names if name.endswith(".sources")):
        for uri, suite in islice(deb822(_content(root, file)), _SUITES):
            yield Source(file, uri, suite)


def release(root: str, source: Source) -> dict[str, str] | None:
    """The fields of the source's cached Release file; None when apt has none."""
    base = filename(source.uri, source.suite)
    for kind in ("InRelease", "Release"):
        content = files.read(rooted.path(root, f"{_LISTS}/{base}_{kind}"), _LIMIT)
        if content is not None:
            return dict(_fields(content))
    return None


def one_line(content: bytes) -> Iterator[tuple[str, str]]:
    """Address and suite of each line of type `deb`: ``deb [option=value ...] URI SUITE [COMPONENT ...]``."""
    for line in decode(content).split("\n"):
        kind, _, rest = line.replace("\t", " ").strip().partition(" ")
        if kind != "deb":
            continue
        rest = rest.lstrip()
        if rest.startswith("["):
            rest = rest.partition("]")[2]
        words = rest.partition("#")[0].split()
        if len(words) > 1 and ":" in words[0]:
            yield words[0].rstrip("/"), words[1]


def deb822(content: bytes) -> Iterator[tuple[str, str]]:
    """The same of a file of stanzas: each of its addresses with each of its suites."""
    for stanza in _stanzas(content):
        enabled = stanza.get("enabled", "yes").lower() not in _NO
        if not enabled or "deb" not in stanza.get("types", "").split():
            continue
        uris = [uri.rstrip("/") for uri in stanza.get("uris", "").split() if ":" in uri]
        suites = stanza.get("suites", "").split()
        yield from ((uri, suite) for uri in uris for suite in suites)


def filename(uri: str, suite: str) -> str:
    """What the names of a source's files in apt's cache begin with.

    The address without scheme and account, slashes as underscores, and what might be mistaken quoted whether it was
    before or not. A suite that ends in a slash is a directory, another lies below `dists`.
    """
    scheme, _, place = uri.partition("://")
    if not place:
        place = scheme.partition(":")[2]
    host, slash, path = place.partition("/")
    place = host.rpartition("@")[2] + slash + path
    if suite.endswith("/"):
        place = f"{place}/{suite.strip('/')}" if suite.strip("/") else place
    else:
        place = f"{place}/dists/{suite}"
    return "".join(_quote(byte) for byte in _unquoted(place.encode("utf-8", "surrogateescape")))


def _quote(byte: int) -> str:
    character = chr(byte)
    if character == "/":
        return "_"
    return f"%{byte:02x}" if character in _QUOTED or not " " < character <= "~" else character


def _unquoted(place: bytes) -> bytes:
    first, *rest = place.split(b"%")
    parts = [first]
    for part in rest:
        digits = part[:2]
        quoted = len(digits) == 2 and all(digit in b"0123456789abcdefABCDEF" for digit in digits)
        parts.append(bytes((int(digits, 16),)) + part[2:] if quoted else b"%" + part)
    return b"".join(parts)


def _content(root: str, file: str) -> bytes:
    return files.read(rooted.path(root, file), _LIMIT) or b""


def _stanzas(content: bytes) -> Iterator[dict[str, str]]:
    """The stanzas of a deb822(5) file, field names in small letters. Lines that begin with # are remarks."""
    stanza: dict[str, list[str]] = {}
    field = ""
    for line in decode(content).split("\n"):
        if line.startswith("#"):
            continue
        if not line.strip():
            if stanza:
                yield {name: "".join(lines) for name, lines in stanza.items()}
            stanza, field = {}, ""
        elif line[0] in " \t":
            if field:
                stanza[field].append(line)
        else:
            name, colon, value = line.partition(":")
            field = name.strip().lower() if colon else ""
            if field:
                stanza[field] = [value.strip()]
    if stanza:
        yield {name: "".join(lines) for name, lines in stanza.items()}


def _fields(content: bytes) -> Iterator[tuple[str, str]]:
    """The fields of one line each, as far as the signature; lists of digests go on over many and are left out."""
    for line in content.partition(b"\n-----BEGIN PGP SIGNATURE")[0].split(b"\n"):
        name, colon, value = line.partition(b":")
        if colon and value and not line.startswith((b" ", b"\t", b"-")):
            yield decode(name), decode(value.strip())
