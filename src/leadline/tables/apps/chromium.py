"""Profiles of Chromium and the browsers made from it, and the extensions in them.

A profile is a directory with a file of preferences. Its extensions lie in ``Extensions/ID/VERSION``; the preferences
name them, and others that were loaded from elsewhere.
"""

from __future__ import annotations

from leadline.linux import files, rooted
from leadline.tables import per_user
from leadline.tables.apps import documents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from leadline.linux.passwd import User
    from leadline.sql.schema import Query

_BROWSERS = (
    ("chrome", ".config/google-chrome"),
    ("chrome", ".var/app/com.google.Chrome/config/google-chrome"),
    ("chrome_beta", ".config/google-chrome-beta"),
    ("chrome_dev", ".config/google-chrome-unstable"),
    ("brave", ".config/BraveSoftware/Brave-Browser"),
    ("brave", ".var/app/com.brave.Browser/config/BraveSoftware/Brave-Browser"),
    ("brave_beta", ".config/BraveSoftware/Brave-Browser-Beta"),
    ("brave_beta", ".var/app/com.brave.Browser/config/BraveSoftware/Brave-Browser-Beta"),
    ("brave_nightly", ".config/BraveSoftware/Brave-Browser-Nightly"),
    ("brave_nightly", ".var/app/com.brave.Browser/config/BraveSoftware/Brave-Browser-Nightly"),
    ("chromium", ".config/chromium"),
    ("chromium", "snap/chromium/common/chromium"),
    ("chromium", ".var/app/org.chromium.Chromium/config/chromium"),
    ("yandex", ".config/yandex-browser"),
    ("yandex", ".config/yandex-browser-beta"),
    ("edge", ".config/microsoft-edge"),
    ("edge", ".var/app/com.microsoft.Edge/config/microsoft-edge"),
    ("edge_beta", ".config/microsoft-edge-beta"),
    ("edge_dev", ".config/microsoft-edge-dev"),
    ("opera", ".config/opera"),
    ("vivaldi", ".config/vivaldi"),
    ("vivaldi", ".var/app/com.vivaldi.Vivaldi/config/vivaldi"),
)
_PREFERENCES = ("Preferences", "Secure Preferences")
_MESSAGE = "__MSG_"


class Profile:
    """A profile: the browser's name as the tables have it, the user's id, its own name ("" for none), its directory.

    ``settings`` is what the preferences say of extensions: by directory, the identifier and the object.
    """

    __slots__ = ("browser", "name", "path", "settings", "uid")

    def __init__(self, browser: str, uid: int, name: str, path: str, settings: dict[str, tuple[str, Any]]) -> None:
        self.browser = browser
        self.uid = uid
        self.name = name
        self.path = path
        self.settings = settings


class Extension:
    """An extension: its directory, its manifest as bytes and decoded, and what the preferences say of it.

    ``identifier`` and ``settings`` are those of the preferences, "" and empty when these do not know it.
    """

    __slots__ = ("data", "identifier", "manifest", "path", "referenced", "settings")

    def __init__(self, path: str, data: bytes, manifest: dict[str, Any]) -> None:
        self.path = path
        self.data = data
        self.manifest = manifest
        self.referenced = 0
        self.identifier = ""
        self.settings: dict[str, Any] = {}


def extensions(query: Query) -> Iterator[tuple[Profile, Extension]]:
    """The extensions of all profiles of the users that a statement asks for."""
    for user in per_user.users(query):
        for browser, folder in _BROWSERS:
            for path in _profile_paths(query.root, f"{user.directory.rstrip('/')}/{folder}"):
                profile = _profile(query, browser, user, path)
                if profile is None:
                    continue
                for extension in _of_profile(query, profile):
                    if query.cancelled():
                        return
                    yield profile, extension


def _profile_paths(root: str, folder: str) -> Iterator[str]:
    """The directory itself when it is a profile, else those of its directories that are."""
    folder = documents.canonical(root, folder)
    if _is_profile(root, folder):
        yield folder
        return
    for name in documents.folders(root, folder):
        path = documents.canonical(root, f"{folder}/{name}")
        if _is_profile(root, path):
            yield path


def _is_profile(root: str, path: str) -> bool:
    import os

    return any(os.path.isfile(rooted.path(root, f"{path}/{name}")) for name in _PREFERENCES)


def _profile(query: Query, browser: str, user: User, path: str) -> Profile | None:
    """The profile in a directory; None, with a warning, when none of its preferences can be read."""
    preferences = [documents.read(query.root, f"{path}/{name}") for name in _PREFERENCES]
    preferences = [one for one in preferences if isinstance(one, dict)]
    if not preferences:
        query.warn(f"{documents.text(path)}: preferences that cannot be read")
        return None
    settings: dict[str, tuple[str, Any]] = {}
    for one in preferences:
        for identifier, value in _settings(one).items():
            place = documents.member(value, "path")
            if isinstance(place, str) and place:
                inside = place if place.startswith("/") else f"{path}/Extensions/{place}"
                settings.setdefault(documents.canonical(query.root, inside), (identifier, value))
    names = [documents.member(one, "profile", "name") for one in preferences]
    name = next((one for one in names if isinstance(one, str) and one), "")
    return Profile(browser, user.uid, name, path, settings)


def _settings(preferences: dict[str, Any]) -> dict[str, Any]:
    """What the preferences say of extensions, by identifier. Opera's have a name of their own."""
    for name in ("settings", "opsettings"):
        found = documents.member(preferences, "extensions", name)
        if isinstance(found, dict):
            return found
    return {}


def _of_profile(query: Query, profile: Profile) -> Iterator[Extension]:
    """First the extensions that the preferences do not name, then those that they do, each in the order of paths."""
    for path in sorted(_installed(query.root, profile.path)):
        if path not in profile.settings and (extension := _extension(query, path)):
            yield extension
    for path in sorted(profile.settings):
        if extension := _extension(query, path):
            extension.referenced = 1
            extension.identifier, extension.settings = profile.settings[path]
            yield extension


def _installed(root: str, profile: str) -> Iterator[str]:
    top = f"{profile}/Extensions"
    for name in documents.folders(root, top):
        for version in documents.folders(root, f"{top}/{name}"):
            yield documents.canonical(root, f"{top}/{name}/{version}")


def _extension(query: Query, path: str) -> Extension | None:
    """The extension in a directory. Those that are part of the browser have no manifest on disk."""
    data = files.read(rooted.path(query.root, f"{path}/manifest.json"), documents.LARGEST + 1)
    if data is None:
        return None
    manifest = documents.parse(data)
    if isinstance(manifest, dict):
        return Extension(path, data, manifest)
    query.warn(f"{documents.text(path)}/manifest.json: no manifest")
    return None


def computed_identifier(manifest: dict[str, Any]) -> str:
    """The identifier that the manifest's public key gives: 128 bits of its digest with digits from a to p."""
    key = manifest.get("key")
    if not isinstance(key, str) or not key:
        return ""
    from base64 import b64decode
    from hashlib import sha256

    try:
        digest = sha256(b64decode("".join(key.split()))).hexdigest()
    except ValueError:
        return ""
    return "".join(chr(ord("a") + int(digit, 16)) for digit in digest[:32])


def localized(root: str, extension: Extension, texts: dict[str, str]) -> dict[str, str]:
    """The same texts, with those that stand for a message (``__MSG_name__``) replaced by it where it is known."""
    if not any(text.startswith(_MESSAGE) for text in texts.values()):
        return texts
    locale = next((texts[name] for name in ("default_locale", "current_locale") if texts.get(name)), "en")
    messages = None
    if "/" not in locale and not locale.startswith("."):
        messages = documents.read(root, f"{extension.path}/_locales/{locale}/messages.json")
    if not isinstance(messages, dict):
        return texts
    known = {name.lower(): documents.member(value, "message") for name, value in messages.items()}

    def replaced(text: str) -> str:
        message = known.get(text[len(_MESSAGE) : -2].lower()) if text.startswith(_MESSAGE) else None
        return text if message is None else documents.text(message)

    return {name: replaced(text) for name, text in texts.items()}
