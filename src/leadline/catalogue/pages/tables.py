"""The pages of tables: one each, an index by subject, one by platform, and how they compare with osquery's."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from leadline.catalogue.pages import NOTE

PLATFORMS = ("linux", "macos", "windows")
ATTRIBUTES = {
    "cacheable": "rows may be reused between scheduled runs",
    "events": "filled by event publishers",
    "live": "needs the running system",
    "ours": "not in osquery",
    "user_data": "answers for the users a statement names",
    "utility": "about the program itself, or made from what a statement gives",
}


def outputs(docs: Path, tables: list[dict[str, Any]], coverage: dict[str, bool]) -> dict[Path, str]:
    """The pages below ``docs`` and their text; ``coverage`` says of each of osquery's tables whether it is met."""
    folder = docs / "tables"
    pages = {folder / f"{table['name']}.md": page(table) for table in tables}
    pages[folder / "README.md"] = by_subject(tables)
    pages[folder / "platforms.md"] = by_platform(tables)
    pages[folder / "coverage.md"] = covered(tables, coverage)
    return pages


def page(table: dict[str, Any]) -> str:
    """One table."""
    facts = [", ".join(table["platforms"]), *(ATTRIBUTES[one] for one in table["attributes"])]
    facts += [f"also `{alias}`" for alias in table["aliases"]]
    lines = [NOTE, f"# {table['name']}", "", table["description"], "", f"*{'; '.join(facts)}*", "", table["notes"], ""]
    lines += ["| column | type | what it is |", "|---|---|---|"]
    lines += [column_line(table, column) for column in table["columns"]]
    lines += ["", "```sql", *(example.rstrip(";") + ";" for example in table["examples"]), "```", ""]
    return "\n".join([*lines, "[All tables](README.md)", ""])


def column_line(table: dict[str, Any], column: dict[str, Any]) -> str:
    """One column: its name and aliases, type, description, and how a statement may use it."""
    marks = ["required"] if column["required"] else []
    marks += ["pushed"] if column["index"] or column["additional"] else []
    marks += ["hidden"] if column["hidden"] else []
    if not set(table["platforms"]) & set(column["platforms"]):
        marks = ["hidden", f"{', '.join(column['platforms'])} only"]
    marks += ["not in osquery"] if column["ours"] and "ours" not in table["attributes"] else []
    marks += [f"compared as {column['collate']}"] if column["collate"] else []
    text = column["description"] + (f" *{', '.join(marks).capitalize()}.*" if marks else "")
    names = " ".join(f"`{name}`" for name in (column["name"], *column["aliases"]))
    return f"| {names} | {column['type']} | {text.replace('|', '&#124;')} |"


def by_subject(tables: list[dict[str, Any]]) -> str:
    """The index: every table under its subject."""
    subjects: dict[str, list[dict[str, Any]]] = {}
    for table in tables:
        subjects.setdefault(table["subject"], []).append(table)
    lines = [
        NOTE,
        "# Tables",
        "",
        f"{len(tables)} tables, by subject; also [by platform](platforms.md) and [compared with osquery](coverage.md).",
        "",
        "On the pages, *required* means that a statement has to bind one of these columns, *pushed* that the table"
        " itself uses constraints on the column, so that they make it faster, and *hidden* that the column is not in"
        " `SELECT *`. [Writing a table](../guides/writing-a-table.md) tells how to add one.",
    ]
    for subject in sorted(subjects):
        lines += ["", f"## {subject}", "", subject_text(subject), "", "| table | what it holds |", "|---|---|"]
        lines += [f"| [{table['name']}]({table['name']}.md) | {table['description']} |" for table in subjects[subject]]
    return "\n".join([*lines, ""])


def subject_text(subject: str) -> str:
    """What a subject is about: the docstring of its package."""
    return (importlib.import_module(f"leadline.tables.{subject}").__doc__ or "").strip()


def by_platform(tables: list[dict[str, Any]]) -> str:
    """Which table answers where."""
    lines = [NOTE, "# Tables by platform", "", f"| table | {' | '.join(PLATFORMS)} |", "|---|---|---|---|"]
    for table in tables:
        marks = " | ".join("yes" if platform in table["platforms"] else "" for platform in PLATFORMS)
        lines.append(f"| [{table['name']}]({table['name']}.md) | {marks} |")
    return "\n".join([*lines, ""])


def covered(tables: list[dict[str, Any]], coverage: dict[str, bool]) -> str:
    """osquery's tables on Linux and whether ours have the same columns, types, options and aliases; then our own."""
    known = {table["name"]: table for table in tables}
    met = sum(coverage.values())
    lines = [
        NOTE,
        "# Tables compared with osquery's",
        "",
        f"{met} of the {len(coverage)} tables that osquery 5.23 has on Linux are here with the same columns in the"
        " same order, the same types, options, hidden columns, collations and aliases. Where answers differ on purpose"
        " is told in [Where answers differ](../guides/differences.md).",
        "",
        "| osquery's table | here | columns of ours |",
        "|---|---|---|",
    ]
    for name, same in coverage.items():
        extra = [f"`{column['name']}`" for column in known[name]["columns"] if column["ours"]] if name in known else []
        here = f"[yes]({name}.md)" if same else f"[other columns]({name}.md)" if name in known else "no"
        lines.append(f"| {name} | {here} | {', '.join(extra)} |")
    own = [table for table in tables if "ours" in table["attributes"]]
    lines += ["", f"{len(own)} tables that osquery does not have:", "", "| table | what it holds |", "|---|---|"]
    lines += [f"| [{table['name']}]({table['name']}.md) | {table['description']} |" for table in own]
    return "\n".join([*lines, ""])
