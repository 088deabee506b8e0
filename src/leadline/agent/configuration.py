"""Configuration documents: from the text of each source to what the parsers of the agent read.

A document with a mistake is a list of problems, and the rest of the configuration still runs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from hashlib import sha1
from typing import Any, NamedTuple

MAX_SIZE = 4 << 20
MAX_DEPTH = 32

PARSERS = frozenset(
    (
        "auto_table_construction", "decorators", "events", "exclude_paths", "feature_vectors", "file_accesses",
        "file_paths", "file_paths_query", "kafka_topics", "logger", "options", "packs", "prometheus_targets",
        "schedule", "views", "yara",
    )
)  # fmt: skip

Document = dict[str, Any]


class Problem(NamedTuple):
    """What is wrong with a source, in a sentence; ``line`` counts from 1, 0 when the mistake has no place."""

    source: str
    line: int
    sentence: str

    def __str__(self) -> str:
        place = f"{self.source}:{self.line}" if self.line else self.source
        return f"{self.sentence} ({place})" if place else self.sentence


class Configuration(NamedTuple):
    """The sources that could be read, by name and in the order of precedence, and what was wrong with others."""

    texts: Mapping[str, str]
    documents: Mapping[str, Document]
    problems: tuple[Problem, ...]

    @property
    def hash(self) -> str:
        """SHA1 over the hexadecimal SHA1s of the sources, by source name: osquery_info.config_hash."""
        return sha1("".join(digest(self.texts[name]) for name in sorted(self.texts)).encode()).hexdigest()  # noqa: S324

    def members(self, key: str) -> Iterator[tuple[str, str, Any]]:
        """The members of one top-level object as (source, name, value); a later source wins over an earlier one."""
        found: dict[str, tuple[str, Any]] = {}
        for source, document in self.documents.items():
            value = document.get(key)
            if isinstance(value, dict):
                found.update((name, (source, member)) for name, member in value.items())
        for name, (source, member) in found.items():
            yield source, name, member


EMPTY = Configuration({}, {}, ())


def digest(text: str) -> str:
    """The SHA1 of a source, by which a change is noticed; no secret depends on it."""
    return sha1(text.encode()).hexdigest()  # noqa: S324


def load(texts: Mapping[str, str], before: Configuration = EMPTY) -> Configuration:
    """Read the sources. One that cannot be read keeps what it said ``before``."""
    kept: dict[str, str] = {}
    documents: dict[str, Document] = {}
    problems: list[Problem] = []
    for source, text in texts.items():
        document, wrong = parse(source, text)
        problems += wrong
        if document is not None:
            kept[source], documents[source] = text, document
        elif source in before.documents:
            kept[source], documents[source] = before.texts[source], before.documents[source]
    return Configuration(kept, documents, tuple(problems))


def parse(source: str, text: str) -> tuple[Document | None, list[Problem]]:
    """The document of one source, None when it is not an object at all, and its problems."""
    if len(text.encode()) > MAX_SIZE:
        return None, [Problem(source, 0, f"Error parsing the config JSON: the size limit is {MAX_SIZE} bytes")]
    try:
        document = json.loads(strip(text), parse_constant=refuse)
    except json.JSONDecodeError as error:
        return None, [Problem(source, error.lineno, f"Error parsing the config JSON: {error.msg}")]
    except (ValueError, RecursionError) as error:
        return None, [Problem(source, 0, f"Error parsing the config JSON: {error}")]
    if not isinstance(document, dict):
        return None, [Problem(source, 1, "Error validating the config JSON: the document is not an object")]
    if deeper(document, MAX_DEPTH):
        return None, [Problem(source, 0, f"Error validating the config JSON: nested deeper than {MAX_DEPTH}")]
    wrong = sorted(key for key in PARSERS & document.keys() if not isinstance(document[key], dict | list))
    for key in wrong:
        del document[key]
    return document, [Problem(source, 0, f"Error config {key} should be an array or object") for key in wrong]


def refuse(constant: str) -> None:
    """Python's JSON reader takes NaN and Infinity, JSON does not."""
    raise ValueError(f"{constant} is not JSON")


def deeper(value: object, limit: int) -> bool:
    """Whether objects and arrays are nested more than ``limit`` deep."""
    if not isinstance(value, dict | list):
        return False
    if not limit:
        return True
    return any(deeper(member, limit - 1) for member in (value.values() if isinstance(value, dict) else value))


def strip(text: str) -> str:
    """Drop comment lines (``#``, ``//``) and join lines that end in a backslash.

    Every line keeps its number, so that errors name the right one: what was joined is followed by empty lines.
    """
    lines: list[str] = []
    pending = 0  # lines that were joined to the last one so far
    joining = False
    for line in text.split("\n"):
        line = line.strip()
        if line.startswith(("#", "//")):
            line = ""
        ends = line.endswith("\\")
        content = line[:-1] if ends else line
        if joining:
            lines[-1] += content
            pending += 1
        else:
            lines += [""] * pending
            pending = 0
            lines.append(content)
        joining = ends
    return "\n".join(lines)


def truth(value: object, otherwise: bool) -> bool:
    """A boolean of the configuration: bool, number, ``"true"`` or ``"t"``; ``otherwise`` when it is absent."""
    if value is None:
        return otherwise
    if isinstance(value, str):
        return value.lower() in ("true", "t", "1")
    return bool(value)


def whole(value: object) -> int | None:
    """An integer of the configuration: a number or its text; None when it is neither."""
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            return None
    return int(value) if isinstance(value, int | float) else None
