"""What each section of a configuration consists of: a part of another kind is named and left out.

The contents of ``schedule``, ``packs`` and ``options`` are looked at where they are used.
"""

from __future__ import annotations

from leadline.configuration.document import dotted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from leadline.configuration.document import Document, Path

TEXT = "a string"
NUMBER = "a number"
TEXTS = "an array of strings"
LIST = "an array"
ANY = ""


class Each:
    """An object whose members, of any name, have one shape."""

    __slots__ = ("shape",)

    def __init__(self, shape: Any) -> None:
        self.shape = shape


SECTIONS: dict[str, Any] = {
    "auto_table_construction": Each({"query": TEXT, "path": TEXT, "columns": TEXTS, "platform": TEXT}),
    "decorators": {"load": TEXTS, "always": TEXTS, "interval": Each(TEXTS)},
    "events": {"enable_subscribers": TEXTS, "disable_subscribers": TEXTS},
    "exclude_paths": Each(TEXTS),
    "feature_vectors": {"character_frequencies": LIST},
    "file_accesses": TEXTS,
    "file_paths": Each(TEXTS),
    "file_paths_query": Each(TEXTS),
    "kafka_topics": Each(TEXTS),
    "logger": Each(ANY),
    "options": Each(ANY),
    "packs": Each(ANY),
    "prometheus_targets": {"timeout": NUMBER, "urls": TEXTS},
    "schedule": Each(ANY),
    "views": Each(TEXT),
    "yara": {"signatures": Each(TEXTS), "file_paths": Each(TEXTS), "signature_urls": TEXTS},
}
"""By section; a dict names the members that have a shape."""


def mend(document: Document, report: Callable[[Path, str], None], *, top: bool = True) -> None:
    """Leave out of a document what has the wrong shape; ``report(path, sentence)`` is told each time.

    ``top`` is False for a pack, which may have sections too.
    """
    for key in sorted(document):
        value = document[key]
        shape = SECTIONS.get(key) if top or key not in ("packs", "schedule") else None
        if shape is None:
            if top:
                unknown(key, report)
        elif value is None:  # osquery takes null for nothing
            del document[key]
        elif not isinstance(value, dict | list):
            report((key,), f"Error config {key} should be an array or object")
            del document[key]
        elif not fits(value, shape, (key,), report):
            del document[key]


def unknown(key: str, report: Callable[[Path, str], None]) -> None:
    """Name a section that looks like a slip; other unknown ones are a server's business."""
    meant = FOLDED.get(folded(key))
    if meant:
        report((key,), f"The key {key} has no meaning: did you mean {meant}?")


def folded(key: str) -> str:
    """A key without what is easily mistaken in it."""
    return key.lower().replace("-", "").replace("_", "").rstrip("s")


FOLDED = {folded(key): key for key in SECTIONS}


def fits(value: Any, shape: Any, path: Path, report: Callable[[Path, str], None]) -> bool:
    """Whether a value has the shape, after leaving out those of its members that do not have theirs."""
    if isinstance(shape, Each | dict):
        if not isinstance(value, dict):
            report(path, f"Error config {dotted(path)} should be an object")
            return False
        for name in list(value):
            own = shape.shape if isinstance(shape, Each) else shape.get(name, ANY)
            if own is not ANY and not fits(value[name], own, (*path, name), report):
                del value[name]
        return True
    right = (
        shape == ANY
        or (shape == TEXT and isinstance(value, str))
        or (shape == NUMBER and isinstance(value, int | float))
        or (shape in (TEXTS, LIST) and isinstance(value, list))
    )
    if not right:
        report(path, f"Error config {dotted(path)} should be {shape}")
        return False
    if shape == TEXTS:
        for number, member in enumerate(value):
            if not isinstance(member, str):
                report((*path, number), f"Error config {dotted((*path, number))} should be a string")
        value[:] = [member for member in value if isinstance(member, str)]
    return True
