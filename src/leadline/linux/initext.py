"""INI files: sections in brackets, and names with values.

There is no standard. What programs commonly agree on is read: comments begin with ``#`` or ``;``, behind a value only
after white space; names end at ``=`` or ``:``; values may stand in quotes, and go on in the next line after ``\\``.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT = "DEFAULT"  # the section of what precedes the first
_MOST_LINES = 100  # that one value goes on in


class INIError(ValueError):
    """A file that is no INI file; the text says what is wrong and in which line."""


def entries(text: str) -> Iterator[tuple[str, str, str | None, int]]:
    """Section, name, value (None for a name alone) and line, from 1, of each entry. Raises INIError."""
    section = DEFAULT
    lines = iter(enumerate(text.split("\n"), 1))
    for number, line in lines:
        line = line.strip()
        if not line or line[0] in "#;":
            continue
        if "\0" in line:
            raise INIError(f"line {number}: not text")
        if line[0] == "[":
            end = line.rfind("]")
            if end < 0:
                raise INIError(f"line {number}: the name of a section without end")
            section = line[1:end].strip()
            continue
        for _ in range(_MOST_LINES):
            if not line.endswith("\\"):
                break
            line = f"{line[:-1].rstrip()} {next(lines, (0, ''))[1].strip()}".rstrip()
        yield section, *_entry(line), number


def _entry(line: str) -> tuple[str, str | None]:
    ends = [place for place in (line.find("="), line.find(":")) if place >= 0]
    if not ends:
        return _without_comment(line), None
    name, value = line[: min(ends)].strip(), line[min(ends) + 1 :].strip()
    if value[:1] in ('"', "'") and (end := value.find(value[0], 1)) > 0 and _is_comment(value[end + 1 :]):
        return _unquoted(name), value[1:end]
    return _unquoted(name), _without_comment(value)


def _unquoted(name: str) -> str:
    return name[1:-1] if len(name) > 1 and name[0] == name[-1] and name[0] in "\"'`" else name


def _is_comment(text: str) -> bool:
    text = text.strip()
    return not text or text[0] in "#;"


def _without_comment(text: str) -> str:
    if text[:1] in ("#", ";"):
        return ""
    places = [place for mark in (" #", " ;", "\t#", "\t;") if (place := text.find(mark)) >= 0]
    return text[: min(places)].rstrip() if places else text
