"""The chrome_extensions table."""

from __future__ import annotations

from leadline.sql.schema import BIGINT, INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.apps import chromium, documents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from leadline.sql.schema import Row

# Columns that are members of the manifest.
_TEXTS = ("name", "update_url", "version", "author", "default_locale", "current_locale", "description")
_EPOCH = 11_644_473_600  # seconds from 1601, where Chromium's times begin, to 1970


@table(
    "chrome_extensions",
    Column(
        "browser_type",
        TEXT,
        "Browser: chrome, chrome_beta, chrome_dev, chromium, brave, brave_beta, brave_nightly, edge, edge_beta,"
        " edge_dev, opera, vivaldi or yandex.",
    ),
    Column("uid", BIGINT, "User whose profile it is in.", index=True, optimized=True),
    Column("name", TEXT, "Name, in the extension's default language."),
    Column("profile", TEXT, "Name of the profile."),
    Column("profile_path", TEXT, "Directory of the profile."),
    Column("referenced_identifier", TEXT, "Identifier that the profile's preferences know it by."),
    Column("identifier", TEXT, "Identifier computed from the public key in the manifest; empty without a key."),
    Column("version", TEXT, "Version.", collate="version"),
    Column("description", TEXT, "Description, in the extension's default language."),
    Column("default_locale", TEXT, "Default language.", aliases=["locale"]),
    Column("current_locale", TEXT, "Language that the manifest was written out for."),
    Column("update_url", TEXT, "Where updates come from."),
    Column("author", TEXT, "Author, when the manifest names one as text."),
    Column("persistent", INTEGER, "1 when its background page is always loaded, else 0."),
    Column("path", TEXT, "Directory it is installed in."),
    Column("permissions", TEXT, "Permissions it has, separated by a comma and a space."),
    Column("permissions_json", TEXT, "Permissions it has, as a JSON array.", hidden=True),
    Column("optional_permissions", TEXT, "Permissions it may ask for, separated by a comma and a space."),
    Column("optional_permissions_json", TEXT, "Permissions it may ask for, as a JSON array.", hidden=True),
    Column("manifest_hash", TEXT, "SHA-256 of the manifest file, in hexadecimal.", collate="nocase"),
    Column("referenced", BIGINT, "1 when the profile's preferences name it, else 0."),
    Column("from_webstore", TEXT, "`true` when it came from the browser's store."),
    Column("state", TEXT, "1 when it is enabled, 0 when disabled; newer browsers do not say."),
    Column("install_time", TEXT, "When it was installed, in microseconds since 1601."),
    Column("install_timestamp", BIGINT, "The same in seconds since 1970; 0 when unknown."),
    Column("manifest_json", TEXT, "The manifest as compact JSON, numbers and booleans as strings.", hidden=True),
    Column("key", TEXT, "Public key from the manifest, in base64.", hidden=True),
    platforms=LINUX,
    user_data=True,
    examples=[
        "SELECT u.username, e.browser_type, e.name, e.version, e.permissions"
        " FROM users u CROSS JOIN chrome_extensions e USING (uid)",
        "SELECT name, identifier, path FROM chrome_extensions WHERE from_webstore != 'true'",
    ],
    notes="From the preferences and manifests in users' homes, of packages, snaps and flatpaks; other users' need"
    " root. Files beyond 8 MiB are left out. `install_time` is Chromium's `install_time` or, in newer versions,"
    " `first_install_time`.",
)
def chrome_extensions(query: Query) -> Rows:
    """Extensions of Chrome, Chromium and the browsers made from it, by user and profile."""
    for profile, extension in chromium.extensions(query):
        yield _row(query, profile, extension)


def _row(query: Query, profile: chromium.Profile, extension: chromium.Extension) -> Row:
    manifest, settings = extension.manifest, extension.settings
    texts = {name: documents.text(manifest[name]) for name in _TEXTS if name in manifest}
    permissions, permissions_json = _list(manifest.get("permissions"))
    optional, optional_json = _list(manifest.get("optional_permissions"))
    persistent = documents.text(documents.member(manifest, "background", "persistent")).lower() == "true"
    if query.uses(*_TEXTS):
        texts = chromium.localized(query.root, extension, texts)
    installed = _setting(settings, "install_time") or _setting(settings, "first_install_time")
    return (
        profile.browser, profile.uid, texts.get("name", ""), documents.text(profile.name),
        documents.text(profile.path), documents.text(extension.identifier),
        chromium.computed_identifier(manifest) if query.uses("identifier") else None,
        texts.get("version", ""), texts.get("description", ""), texts.get("default_locale", ""),
        texts.get("current_locale", ""), texts.get("update_url", ""), texts.get("author", ""), int(persistent),
        documents.text(extension.path), permissions, permissions_json, optional, optional_json,
        _hash(extension.data) if query.uses("manifest_hash") else None, extension.referenced,
        _setting(settings, "from_webstore"), _setting(settings, "state"), installed, _seconds(installed),
        _json(manifest) if query.uses("manifest_json") else None, documents.text(manifest.get("key", "")),
    )  # fmt: skip


def _list(value: Any) -> tuple[str, str]:
    """A list of permissions as text and as JSON. What a member that is an object asks for is in the JSON only."""
    if not isinstance(value, list):
        return "", "{}" if value is None else _json(value)
    joined = ""
    for one in value:
        joined += (", " if joined else "") + documents.text(one)
    return joined, _json(value)


def _setting(settings: dict[str, Any], name: str) -> str:
    return documents.text(settings[name]) if name in settings else ""


def _seconds(installed: str) -> int:
    """Seconds since 1970 from microseconds since 1601."""
    if not installed.isascii() or not installed.isdigit() or len(installed) > 19:
        return 0
    return max(int(installed) // 1_000_000 - _EPOCH, 0)


def _json(value: Any) -> str:
    import json

    try:
        return documents.text(json.dumps(_as_strings(value), ensure_ascii=False, separators=(",", ":")))
    except RecursionError:
        return ""


def _as_strings(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _as_strings(one) for name, one in value.items()}
    return [_as_strings(one) for one in value] if isinstance(value, list) else documents.text(value)


def _hash(data: bytes) -> str:
    from hashlib import sha256

    return sha256(data).hexdigest()
