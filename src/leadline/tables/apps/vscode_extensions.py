"""The vscode_extensions table."""

from __future__ import annotations

from leadline.sql.schema import BIGINT, INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables import per_user
from leadline.tables.apps import documents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from leadline.sql.schema import Row

# By directory in a user's home: of the editor itself, and of what it installs where it is used from afar.
_EDITORS = {
    ".cursor": "cursor",
    ".cursor-server": "cursor",
    ".devin": "windsurf",
    ".trae": "trae",
    ".trae-server": "trae",
    ".vscode": "vscode",
    ".vscode-insiders": "vscode_insiders",
    ".vscode-oss": "vscodium",
    ".vscode-server": "vscode",
    ".vscode-server-insiders": "vscode_insiders",
    ".vscodium-insiders": "vscodium_insiders",
    ".vscodium-server": "vscodium",
    ".vscodium-server-insiders": "vscodium_insiders",
    ".windsurf": "windsurf",
    ".windsurf-server": "windsurf",
}
_PARTS = ("identifier", "metadata", "location")


@table(
    "vscode_extensions",
    Column("name", TEXT, "Publisher and name, joined by a dot."),
    Column("uuid", TEXT, "Identifier in the marketplace.", collate="nocase"),
    Column("version", TEXT, "Version.", collate="version"),
    Column("path", TEXT, "Directory it is installed in."),
    Column("publisher", TEXT, "Display name of the publisher."),
    Column("publisher_id", TEXT, "Identifier of the publisher in the marketplace."),
    Column("installed_at", BIGINT, "When it was installed, in milliseconds since 1970."),
    Column("prerelease", INTEGER, "1 for a pre-release version, else 0."),
    Column("uid", BIGINT, "User who installed it.", additional=True, optimized=True),
    Column(
        "vscode_edition",
        TEXT,
        "Editor: vscode, vscode_insiders, vscodium, vscodium_insiders, cursor, windsurf or trae.",
    ),
    platforms=LINUX,
    user_data=True,
    examples=[
        "SELECT username, vscode_edition, name, version FROM users CROSS JOIN vscode_extensions USING (uid)",
        "SELECT name, version, datetime(installed_at / 1000, 'unixepoch') AS installed FROM vscode_extensions",
    ],
    notes="From `extensions/extensions.json` of each editor in users' homes, also of the part that runs on a"
    " machine worked on from afar; other users' need root. Extensions that come with the editor are not among them.",
)
def vscode_extensions(query: Query) -> Rows:
    """Extensions of Visual Studio Code and of editors made from it, by user."""
    for user in per_user.users(query):
        for folder, edition in _EDITORS.items():
            path = f"{user.directory.rstrip('/')}/{folder}/extensions/extensions.json"
            found = documents.read(query.root, path)
            for extension in found if isinstance(found, list) else ():
                if all(isinstance(documents.member(extension, part), dict) for part in _PARTS):
                    yield (*_values(extension), user.uid, edition)


def _values(extension: dict[str, Any]) -> Row:
    identifier, metadata, location = (extension[part] for part in _PARTS)
    installed, prerelease = metadata.get("installedTimestamp"), metadata.get("isPreReleaseVersion")
    return (
        _text(identifier, "id"),
        _text(metadata, "id"),
        _text(extension, "version"),
        _text(location, "path"),
        _text(metadata, "publisherDisplayName"),
        _text(metadata, "publisherId"),
        installed if type(installed) is int else None,
        int(prerelease) if isinstance(prerelease, bool) else None,
    )


def _text(part: dict[str, Any], name: str) -> str | None:
    value = part.get(name)
    return documents.text(value) if isinstance(value, str) else None
