"""YARA rules that a statement scans with: where they come from, and the scan itself."""

from __future__ import annotations

import os

from leadline.linux import files, isolated
from leadline.sql.schema import TEXT, Column
from leadline.tables.osquery import runtime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from leadline.sql.schema import Query, Row

_HOME = "/etc/osquery/yara/"  # of rule files that are named without a directory
_LARGEST = 32 << 20  # bytes of one source
_READ_MAX = 50 << 20
_DELAY = 50  # milliseconds
_SECONDS = 120  # over one scan
_MEGABYTES = 1536
_FETCH_SECONDS = 30
_MOST_CACHED = 16 << 20  # characters of compiled rules
_COLUMNS = ("sig_group", "sigfile", "sigrule", "sigurl")

MATCHES = Column("matches", TEXT, "Names of the rules that match, separated by commas.")
SIG_GROUP = Column(
    "sig_group", TEXT, "Group of rule files to scan with, from `yara.signatures` of the configuration.",
    additional=True,
)  # fmt: skip
SIGFILE = Column(
    "sigfile", TEXT, "Rule file to scan with; a relative path is below `/etc/osquery/yara`.", additional=True
)
SIGRULE = Column("sigrule", TEXT, "Rules to scan with, as text.", additional=True, hidden=True)
STRINGS = Column(
    "strings", TEXT, "Strings that match, each with its offset in hexadecimal, as in `$a:1f`, separated by commas."
)
TAGS = Column("tags", TEXT, "Tags of the rules that match, separated by commas.")
SIGURL = Column(
    "sigurl", TEXT, "https address of rules to scan with, which `yara.signature_urls` must allow.",
    additional=True, hidden=True,
)  # fmt: skip

_compiled: dict[str, str] = {}  # by digest of the sources


class Rules:
    """A set of rules: the column that named it and the value there, its sources, whether strings stay hidden."""

    __slots__ = ("column", "digest", "hidden", "name", "sources")

    def __init__(self, column: str, name: str, sources: list[tuple[str, str, str, str]], hidden: bool) -> None:
        from hashlib import sha256

        self.column = column
        self.name = name
        self.sources = sources  # namespace, origin, text, directory of what it includes
        self.hidden = hidden
        # What is included may change without the text.
        fixed = not any("include" in text for _, _, text, directory in sources if directory)
        self.digest = sha256(repr(sources).encode("utf-8", "replace")).hexdigest() if fixed else ""


def scan(query: Query, targets: Iterable[Sequence[Any]]) -> Iterator[tuple[Sequence[Any], Row]]:
    """Scan targets (see :mod:`leadline.linux.yara`) with the rules that the statement names.

    Each target once for each set of rules, with the values from matches to sigurl.
    """
    sets = list(_rules(query))
    if not sets:
        if not any(query.equals(column) for column in _COLUMNS):
            query.warn("Query must specify sig_group, sigfile, sigrule, or sigurl for scan")
        return
    preface = [("rules", number, one.hidden, one.sources, _compiled.get(one.digest)) for number, one in enumerate(sets)]
    arguments = runtime.number(query, "yara_delay", _DELAY), runtime.number(query, "read_max", _READ_MAX)

    def failed(target: Sequence[Any], reason: str) -> None:
        query.warn(f"{target[-1]}: the scan {reason}")

    try:
        for target, found in isolated.answers(
            "leadline.linux.yara",
            [str(one) for one in arguments],
            targets,
            query.cancelled,
            _SECONDS,
            _MEGABYTES,
            failed=failed,
            preface=preface,
            warn=query.warn,
        ):
            if target[0] == "rules":
                # Sent before the child looked into anything: nobody else can have made them.
                _keep(sets[target[1]].digest, found)
                continue
            for number, matches, count, strings, tags in found:
                named = dict.fromkeys(_COLUMNS, "")
                named[sets[number].column] = sets[number].name
                group, file, rule, url = (named[column] for column in _COLUMNS)
                yield target, (matches, count, group, file, rule, strings, tags, url)
    except isolated.ChildError as error:
        query.warn(f"The scan {error}")


def _keep(digest: str, found: list[tuple[object, ...]]) -> None:
    if not digest or not found or not isinstance(found[0][0], str):
        return
    _compiled[digest] = found[0][0]
    while sum(map(len, _compiled.values())) > _MOST_CACHED:
        del _compiled[next(iter(_compiled))]


def _rules(query: Query) -> Iterator[Rules]:
    """The sets that the statement names: groups, files, rules, addresses, each in order."""
    hide = not runtime.switch(query, "enable_yara_string", False)
    for name in _named(query, "sig_group"):
        if sources := _of_group(query, name):
            yield Rules("sig_group", name, sources, hidden=False)
    for name in _named(query, "sigfile"):
        if sources := _of_files(query, [name]):
            yield Rules("sigfile", name, sources, hidden=False)
    # Whoever may ask would otherwise read files, byte by byte, with rules made for it.
    for text in _named(query, "sigrule"):
        yield Rules("sigrule", text, [("default", "sigrule", text, "")], hide)
    for address in _named(query, "sigurl"):
        if (fetched := _fetched(query, address)) is not None:
            yield Rules("sigurl", address, [("default", address, fetched, "")], hide)


def _named(query: Query, column: str) -> list[str]:
    return sorted({name for name in query.equals(column) or () if isinstance(name, str) and name})


def _section(query: Query, name: str) -> object:
    try:
        found = runtime.section(query, "yara")
    except (OSError, ValueError) as error:
        query.warn(f"The configuration cannot be read: {error}")
        return None
    return found.get(name) if isinstance(found, dict) else None


def _of_group(query: Query, name: str) -> list[tuple[str, str, str, str]]:
    signatures = _section(query, "signatures")
    paths = signatures.get(name) if isinstance(signatures, dict) else None
    if not isinstance(paths, list):
        query.warn(f"No group of YARA signatures {name} is configured")
        return []
    return _of_files(query, [path for path in paths if isinstance(path, str)])


def _of_files(query: Query, paths: list[str]) -> list[tuple[str, str, str, str]]:
    """The rule files, of this machine whatever root is looked at. Each has its own names."""
    sources = []
    for path in paths:
        place = path if path.startswith("/") else _HOME + path
        data = files.read(place, _LARGEST + 1) if os.path.isfile(place) else None
        if data is None or len(data) > _LARGEST:
            query.warn(f"{place}: YARA rules that cannot be read")
            continue
        if data.startswith(b"YARA"):
            query.warn(f"{place}: compiled YARA rules are not read, give their source")
            continue
        sources.append((place, place, data.decode("utf-8", "replace"), os.path.dirname(place)))
    return sources


def _fetched(query: Query, address: str) -> str | None:
    """The rules at an address; None, with a warning, when it is not allowed or does not answer."""
    from leadline.linux import web

    if not _allowed(_section(query, "signature_urls"), address):
        query.warn(f"YARA signature url {address} not allowed")
        return None
    if runtime.switch(query, "yara_sigurl_authenticate", False):
        query.warn("yara_sigurl_authenticate: rules are only fetched without the node's key")
        return None
    try:
        reply = web.get(
            address,
            "leadline",
            seconds=_FETCH_SECONDS,
            limit=_LARGEST,
            authorities=_authorities(query),
            cancelled=query.cancelled,
            redirects=0,
        )
    except (OSError, ValueError) as error:
        query.warn(f"Failed to get YARA rule url: {address}: {error}")
        return None
    if reply.status != 200:
        query.warn(f"Failed to get YARA rule url: {address}: status {reply.status}")
        return None
    return reply.body.decode("utf-8", "replace")


def _authorities(query: Query) -> str:
    path = runtime.text(query, "tls_server_certs", "")
    return path if path and os.path.exists(path) else ""


def _allowed(addresses: object, address: str) -> bool:
    """Whether one of the addresses allows it: the same host, and a path that is a regular expression for its own."""
    import re
    from urllib.parse import urlsplit

    try:
        asked = urlsplit(address)
        if asked.scheme != "https" or asked.username is not None:
            return False
        for one in addresses if isinstance(addresses, list) else ():
            scheme, _, rest = one.partition("://") if isinstance(one, str) else ("", "", "")
            host, slash, path = rest.partition("/")
            if scheme == "https" and host == asked.netloc and re.fullmatch(slash + path, asked.path):
                return True
    except (ValueError, re.error):
        return False
    return False
