"""The chrome_extension_content_scripts table."""

from __future__ import annotations

from leadline.sql.schema import BIGINT, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.apps import chromium, documents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_MOST = 50_000  # rows of one extension: a manifest of pages times scripts could ask for billions


@table(
    "chrome_extension_content_scripts",
    Column("browser_type", TEXT, "Browser, as in chrome_extensions."),
    Column("uid", BIGINT, "User whose profile the extension is in.", index=True, optimized=True),
    Column("identifier", TEXT, "Identifier of the extension."),
    Column("version", TEXT, "Version of the extension.", collate="version"),
    Column("script", TEXT, "Script file, relative to the extension's directory."),
    Column("match", TEXT, "Pattern of the addresses of pages that the script runs in."),
    Column("profile_path", TEXT, "Directory of the profile."),
    Column("path", TEXT, "Directory the extension is installed in."),
    Column("referenced", BIGINT, "1 when the profile's preferences name the extension, else 0."),
    platforms=LINUX,
    user_data=True,
    examples=[
        "SELECT s.identifier, s.script, s.match FROM users CROSS JOIN chrome_extension_content_scripts s USING (uid)",
        "SELECT DISTINCT identifier, path FROM chrome_extension_content_scripts WHERE match = '<all_urls>'",
    ],
    notes="From the extensions' manifests in users' homes; other users' need root. One row for each pair of a"
    " script and a pattern, at most 50,000 an extension.",
)
def chrome_extension_content_scripts(query: Query) -> Rows:
    """Scripts that extensions of Chromium's family run in web pages, and the pages they run in."""
    for profile, extension in chromium.extensions(query):
        identifier = chromium.computed_identifier(extension.manifest) or documents.text(extension.identifier)
        version = documents.text(extension.manifest.get("version", ""))
        ends = documents.text(profile.path), documents.text(extension.path), extension.referenced
        for number, (script, match) in enumerate(_scripts(extension.manifest)):
            if number == _MOST:
                query.warn(f"{ends[1]}: more than {_MOST} pairs of scripts and pages")
                break
            yield (profile.browser, profile.uid, identifier, version, script, match, *ends)


def _scripts(manifest: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Script and pattern of each pair."""
    for entry in _list(manifest.get("content_scripts")):
        for match in _list(documents.member(entry, "matches")):
            for script in _list(documents.member(entry, "js")):
                yield documents.text(script), documents.text(match)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
