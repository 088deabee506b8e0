"""The page of flags."""

from __future__ import annotations

from pathlib import Path

from leadline.catalogue.pages import NOTE


def outputs(docs: Path) -> dict[Path, str]:
    """The page below ``docs`` and its text."""
    return {docs / "reference" / "flags.md": page()}


def page() -> str:
    """Every flag by subject."""
    from leadline.flags.describe import subjects

    lines = [
        NOTE,
        "# Flags",
        "",
        "Flags of `leadline agent` and `leadline shell`, as `--name=value`, `--name value`, `--boolean` or"
        " `--noboolean`, on the command line or in a `--flagfile`. *Command line* flags cannot be set by a"
        " configuration.",
    ]
    for subject, flags in subjects():
        lines += ["", f"## {subject}", "", "| flag | default | what it does |", "|---|---|---|"]
        for flag in flags:
            kind = {"CLI_FLAG": " *Command line.*", "SHELL_FLAG": " *Shell.*", "HIDDEN_FLAG": " *Rarely needed.*"}.get(
                flag.kind, ""
            )
            default = f"`{flag.default}`" if flag.default else ""
            lines.append(f"| `{flag.name}` | {default} | {flag.description}{kind} |")
    return "\n".join([*lines, ""])
