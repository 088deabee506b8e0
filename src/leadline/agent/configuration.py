"""The configuration: from the texts of its sources and packs to what the parts of the agent read.

What is wrong with it is a list of problems, and the rest of it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha1
from typing import Any, NamedTuple

from leadline.configuration.document import Document, DocumentError, Path, Places, read, truth, whole
from leadline.configuration.packs import EVERY
from leadline.configuration.shapes import SECTIONS, mend
from leadline.plugins.errors import PluginError
from leadline.plugins.kinds import PackText

__all__ = [
    "EMPTY", "MAIN", "Configuration", "Document", "Fetch", "Fetched", "Member", "Pack", "Part", "Problem", "digest",
    "load", "truth", "whole",
]  # fmt: skip

MAIN = "main"
"""What osquery calls the queries that are in no pack."""

PARSERS = frozenset(SECTIONS)
"""The top-level keys that mean something."""

Fetch = Callable[[str, str], Sequence[PackText]]
"""Gets the packs that a configuration names by a value of the config plugin's. Raises PluginError."""


class Problem(NamedTuple):
    """What is wrong with a source, in a sentence; ``line`` counts from 1, 0 when the mistake has no place."""

    source: str
    line: int
    sentence: str

    def __str__(self) -> str:
        place = f"{self.source}:{self.line}" if self.line else self.source
        return f"{self.sentence} ({place})" if place else self.sentence


class Fetched(NamedTuple):
    """Packs from outside of the sources: what the last try brought (a sentence when it failed), and what is used."""

    last: tuple[PackText, ...] | str
    used: tuple[PackText, ...]


class Pack(NamedTuple):
    """A pack of one source; its text is that of ``place`` (a source or a pack's file), its members under ``path``."""

    name: str
    source: str
    place: str
    path: Path
    value: Document
    hash: str

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from others."""
        return self.source, self.name


class Part(NamedTuple):
    """A source's document, or a pack that brings sections of its own."""

    source: str
    place: str
    path: Path
    document: Document
    hash: str


class Member(NamedTuple):
    """A member of a top-level object."""

    part: Part
    path: Path
    name: str
    value: Any

    @property
    def source(self) -> str:
        return self.part.source


class Configuration(NamedTuple):
    """The sources that could be read, by name and in the order of precedence, and what was wrong with others.

    ``broken``: a source could not be read at all. ``packs`` are those inside of the sources and those they name.
    ``inactive`` are the keys of those whose platform, version, shard or discovery keeps them from this machine.
    """

    texts: Mapping[str, str]
    documents: Mapping[str, Document]
    problems: tuple[Problem, ...]
    broken: bool = False
    packs: tuple[Pack, ...] = ()
    fetched: Mapping[tuple[str, str], Fetched] = {}
    places: Mapping[str, Places] = {}
    inactive: frozenset[tuple[str, str]] = frozenset()

    @property
    def hash(self) -> str:
        """SHA1 over the hexadecimal SHA1s of the sources, by source name: osquery_info.config_hash."""
        return sha1("".join(digest(self.texts[name]) for name in sorted(self.texts)).encode()).hexdigest()  # noqa: S324

    def parts(self) -> Iterator[Part]:
        """The sources, each with the active packs it names behind it: packs may have sections too."""
        for source, document in self.documents.items():
            yield Part(source, source, (), document, digest(self.texts[source]))
            for pack in self.packs:
                if pack.source == source and pack.key not in self.inactive and not PARSERS.isdisjoint(pack.value):
                    yield Part(f"{source}_{pack.name}", pack.place, pack.path, pack.value, pack.hash)

    def mains(self) -> Iterator[Pack]:
        """The queries of each source that are in no pack, as the pack that osquery makes of them."""
        for source, document in self.documents.items():
            if "schedule" in document:
                yield Pack(MAIN, source, source, ("schedule",), {}, "")

    def members(self, key: str) -> Iterator[Member]:
        """The members of a section that is an object; a later source wins over an earlier one."""
        found: dict[str, Member] = {}
        for part in self.parts():
            value = part.document.get(key)
            if isinstance(value, dict) and (key not in ("schedule", "packs") or not part.path):
                for name, member in value.items():
                    found[name] = Member(part, (*part.path, key, name), name, member)
        yield from found.values()

    def section(self, key: str) -> object:
        """What there is under a top-level key: objects of several sources as one, else the last source's."""
        found = [part.document[key] for part in self.parts() if key in part.document]
        members = {name: member for value in found if isinstance(value, dict) for name, member in value.items()}
        return members or (found[-1] if found else None)

    def problem(self, place: str, path: Path, sentence: str) -> Problem:
        """A mistake in a source or a pack's file."""
        return Problem(place, self.places[place].line(path) if place in self.places else 0, sentence)


EMPTY = Configuration({}, {}, ())


def digest(text: str) -> str:
    """The SHA1 of a source, by which a change is noticed; no secret depends on it."""
    return sha1(text.encode("utf-8", "surrogatepass")).hexdigest()  # noqa: S324


def unfetched(_: str, value: str) -> Sequence[PackText]:
    """For who has no config plugin."""
    raise PluginError(f"nothing can get it by {value!r}")


def load(texts: Mapping[str, str], before: Configuration = EMPTY, fetch: Fetch = unfetched) -> Configuration:
    """Read the sources and the packs they name. What cannot be read keeps what it said ``before``."""
    loader = Loader(before, fetch)
    for source, text in texts.items():
        loader.source(source, text)
    for source, document in loader.documents.items():
        for name, value in (document.get("packs") or {}).items():
            loader.pack(source, name, value)
    packs = {(pack.source, pack.name): pack for pack in loader.packs}
    return Configuration(
        loader.texts,
        loader.documents,
        tuple(loader.problems),
        loader.broken,
        tuple({pack.name: pack for pack in packs.values()}.values()),
        loader.fetched,
        loader.places,
    )


class Loader:
    """A configuration while it is being read."""

    def __init__(self, before: Configuration, fetch: Fetch) -> None:
        self.before = before
        self.fetch = fetch
        self.texts: dict[str, str] = {}
        self.documents: dict[str, Document] = {}
        self.places: dict[str, Places] = {}
        self.packs: list[Pack] = []
        self.fetched: dict[tuple[str, str], Fetched] = {}
        self.problems: list[Problem] = []
        self.broken = False

    def complain(self, place: str, path: Path, sentence: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(place, self.places[place].line(path) if place in self.places else 0, sentence))

    def read(self, place: str, text: str, *, top: bool) -> Document:
        """A document without what is wrong in it. Raises DocumentError."""
        document, odd, self.places[place] = read(text)
        self.problems += [Problem(place, line, sentence) for line, sentence in odd]
        mend(document, lambda path, sentence: self.complain(place, path, sentence), top=top)
        return document

    def source(self, source: str, text: str) -> None:
        """Read one source."""
        try:
            self.documents[source] = self.read(source, text, top=True)
            self.texts[source] = text
        except DocumentError as error:
            self.broken = True
            self.problems.append(Problem(source, error.line, str(error)))
            if source in self.before.documents:
                self.texts[source] = self.before.texts[source]
                self.documents[source] = self.before.documents[source]
                self.places[source] = self.before.places[source]

    def pack(self, source: str, name: str, value: object) -> None:
        """Take a pack of a source, or get it."""
        path: Path = ("packs", name)
        if isinstance(value, str):
            self.fetch_packs(source, path, name, value)
        elif not isinstance(value, dict):
            self.complain(source, path, f"Pack {name} should be an object or a string")
        elif name == EVERY:
            self.several(source, source, path, value, digest(self.texts[source]))
        else:
            self.add(name, source, source, path, value, digest(self.texts[source]))

    def several(self, source: str, place: str, path: Path, value: Document, hash: str) -> None:
        """Packs by name in one object."""
        for name, pack in value.items():
            if isinstance(pack, dict):
                self.add(name, source, place, (*path, name), pack, hash)
            else:
                self.complain(place, (*path, name), f"Pack {name} should be an object")

    def add(self, name: str, source: str, place: str, path: Path, value: Document, hash: str) -> None:
        """One pack."""
        if place == source:  # its sections have not been looked at
            mend(value, lambda inner, sentence: self.complain(place, (*path, *inner), sentence), top=False)
        self.packs.append(Pack(name, source, place, path, value, hash))

    def fetch_packs(self, source: str, path: Path, name: str, value: str) -> None:
        """Get the packs that a value of the config plugin's stands for."""
        before = self.before.fetched.get((name, value))
        try:
            found = tuple(self.fetch(name, value))
            fetched = Fetched(found, found)
            if not found:
                self.complain(source, path, f"Pack {name}: there is none at {value}")
        except PluginError as error:
            fetched = Fetched(str(error), before.used if before else ())
            self.complain(source, path, f"Pack {name} cannot be read: {error}")
        self.fetched[name, value] = fetched
        for pack in fetched.used:
            self.fetched_pack(source, name, pack)

    def fetched_pack(self, source: str, name: str, pack: PackText) -> None:
        """Read a pack's own text."""
        try:
            document = self.read(pack.place, pack.text, top=False)
        except DocumentError as error:
            sentence = str(error).replace("the config JSON", f'the "{pack.name}" pack JSON')
            self.problems.append(Problem(pack.place, error.line, sentence))
            known = [old for old in self.before.packs if (old.source, old.name) == (source, pack.name)]
            self.packs += known
            if known and pack.place in self.before.places:
                self.places[pack.place] = self.before.places[pack.place]
            return
        hash = digest(pack.text)
        if name == EVERY and pack.name == EVERY:
            self.several(source, pack.place, (), document, hash)
        else:
            self.add(pack.name, source, pack.place, (), document, hash)


def subscribers(configuration: Configuration) -> tuple[frozenset[str], frozenset[str]]:
    """The event tables that ``events`` switches on, and those it switches off."""
    section = configuration.section("events")
    listed = section if isinstance(section, dict) else {}
    on, off = (frozenset(listed.get(key) or ()) for key in ("enable_subscribers", "disable_subscribers"))
    return on, off
