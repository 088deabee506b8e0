"""What can come next in a line of SQL or a meta command: pure functions over the catalogue."""

from __future__ import annotations

import re
from typing import NamedTuple

from leadline.shell.meta import COMMANDS
from leadline.shell.settings import MODES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

TOKEN = re.compile(r"""--[^\n]*|/\*.*?(?:\*/|$)|'(?:[^']|'')*'?|[`"][^`"]*[`"]?|\w+|\S""", re.DOTALL)
WORD = re.compile(r"[\w.]*$")

KEYWORDS = (
    "SELECT", "FROM", "WHERE", "JOIN", "LEFT", "INNER", "CROSS", "ON", "USING", "GROUP BY", "ORDER BY", "HAVING",
    "LIMIT", "OFFSET", "AND", "OR", "NOT", "IN", "LIKE", "GLOB", "BETWEEN", "IS", "NULL", "AS", "DISTINCT", "ASC",
    "DESC", "UNION", "ALL", "EXCEPT", "INTERSECT", "WITH", "RECURSIVE", "CASE", "WHEN", "THEN", "ELSE", "END",
    "EXISTS", "CAST", "COLLATE", "VALUES", "EXPLAIN", "PRAGMA",
)  # fmt: skip
BEFORE_TABLES = frozenset(("from", "join", "table_info", "table_xinfo"))
AFTER_TABLES = frozenset(
    ("where", "group", "order", "having", "limit", "on", "using", "join", "left", "inner", "cross", "natural", "union",
     "except", "intersect", "select", "set", "window", "as", "outer", "right", "full")
)  # fmt: skip
NAMED = ("all", "schema", "tables")  # meta commands that take a table
SWITCHES = ("bail", "echo", "headers", "timer")


class Candidate(NamedTuple):
    """One completion: what replaces the last ``length`` characters, and a word on what it is."""

    text: str
    length: int
    kind: str


class Vocabulary(NamedTuple):
    """What there is to complete: columns by table, and functions."""

    tables: Mapping[str, Sequence[str]]
    functions: Sequence[str]


def candidates(before: str, after: str, vocabulary: Vocabulary) -> list[Candidate]:
    """The completions at the cursor, the likelier kinds first. ``before`` and ``after`` are the text around it."""
    if before.startswith("."):
        return list(commands(before, vocabulary))
    match = WORD.search(before)
    word = match.group() if match else ""
    head = before[: len(before) - len(word)]
    if unquoted(head) is None:
        return []
    words = [token.lower() for token in TOKEN.findall(head)]
    if expects_table(words):
        return matching(vocabulary.tables, word, "table")
    named = mentioned(before + " " + after, vocabulary.tables)
    qualifier, dot, part = word.rpartition(".")
    if dot:
        table = named.get(qualifier.lower())
        return matching(vocabulary.tables[table], part, table) if table else []
    found: list[Candidate] = []
    for table in dict.fromkeys(named.values()):
        found += matching(vocabulary.tables[table], word, table)
    if not word:
        return unique(found)
    found += matching([alias for alias, table in named.items() if alias != table], word, "alias")
    found += matching(vocabulary.functions, word, "function", suffix="(")
    found += matching(KEYWORDS, word, "keyword")
    return unique(found)


def commands(before: str, vocabulary: Vocabulary) -> Iterator[Candidate]:
    """Completions of a meta command or of its argument."""
    name, space, argument = before[1:].partition(" ")
    if not space:
        yield from matching([command[0] for command in COMMANDS], name, "command")
    elif name in NAMED:
        yield from matching(vocabulary.tables, argument, "table")
    elif name == "mode":
        yield from matching(MODES, argument, "mode")
    elif name in SWITCHES:
        yield from matching(("on", "off"), argument, "switch")
    elif name == "types":
        yield from candidates(argument, "", vocabulary)


def matching(names: Iterable[str], word: str, kind: str, suffix: str = "") -> list[Candidate]:
    """The names that start with the word, in any case; those that only contain it come after them."""
    lowered = word.lower()
    starting, containing = [], []
    for name in names:
        position = name.lower().find(lowered)
        if position == 0:
            starting.append(Candidate(name + suffix, len(word), kind))
        elif position > 0 and kind == "table":
            containing.append(Candidate(name + suffix, len(word), kind))
    return starting + containing


def unique(found: list[Candidate]) -> list[Candidate]:
    """The candidates without those whose text came before."""
    return list({candidate.text: candidate for candidate in reversed(found)}.values())[::-1]


def unquoted(text: str) -> str | None:
    """The text, or None when it ends inside a string or a comment, where nothing is to be completed."""
    tokens = TOKEN.findall(text)
    last = tokens[-1] if tokens else ""
    if last.startswith("--"):
        return None if not text.rstrip(" \t").endswith("\n") else text
    if last.startswith("/*"):
        return text if last.endswith("*/") and len(last) > 3 else None
    if last.startswith("'"):
        return text if len(last) > 1 and last.endswith("'") and text.endswith((" ", "\n", "'")) else None
    return text


def expects_table(words: list[str]) -> bool:
    """Whether a table is due after these tokens: after FROM and JOIN, and after a comma in a list of tables."""
    position = len(words) - 1
    while position >= 0:
        word = words[position]
        if word in BEFORE_TABLES:
            between = words[position + 1 :]
            return not between or between[-1] in (",", "(")
        if word in AFTER_TABLES or word in ");":
            return False
        position -= 1
    return False


def mentioned(text: str, tables: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The tables that a statement reads: names and aliases in lower case, each with its table."""
    words = [token.strip('`"').lower() for token in TOKEN.findall(text)]
    found: dict[str, str] = {}
    listing = False
    for position, word in enumerate(words):
        if word in BEFORE_TABLES:
            listing = True
        elif listing and word in tables and words[position - 1] in (*BEFORE_TABLES, ",", "("):
            found[word] = word
            rest = [following for following in words[position + 1 : position + 3] if following != "as"]
            if rest and rest[0].isidentifier() and rest[0] not in AFTER_TABLES and rest[0] not in BEFORE_TABLES:
                found[rest[0]] = word
        elif word in AFTER_TABLES and word != "as":
            listing = word in ("join", "left", "inner", "cross", "natural", "outer", "right", "full")
    return found
