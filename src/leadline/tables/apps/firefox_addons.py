"""The firefox_addons table."""

from __future__ import annotations

from leadline.sql.schema import BIGINT, INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables import per_user
from leadline.tables.apps import documents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from leadline.linux.passwd import User
    from leadline.sql.schema import Row

_HOMES = (
    ".mozilla/firefox",
    "snap/firefox/common/.mozilla/firefox",
    ".config/mozilla/firefox",
    ".var/app/org.mozilla.firefox/.mozilla/firefox",
    ".var/app/org.mozilla.firefox/config/mozilla/firefox",
)
_NO_PROFILES = ("Crash Reports", "Pending Pings")
_DISABLED = ("softDisable", "softDisabled", "appDisabled", "userDisabled")


@table(
    "firefox_addons",
    Column("uid", BIGINT, "User whose profile it is in.", additional=True, optimized=True),
    Column("name", TEXT, "Name, in the add-on's default language."),
    Column("identifier", TEXT, "Identifier.", index=True),
    Column("creator", TEXT, "Who made it."),
    Column("type", TEXT, "Kind of add-on, such as extension, theme, locale or dictionary."),
    Column("version", TEXT, "Version.", collate="version"),
    Column("description", TEXT, "Description, in the add-on's default language."),
    Column("source_url", TEXT, "Where it was installed from."),
    Column("visible", INTEGER, "1 when the browser lists it, else 0."),
    Column("active", INTEGER, "1 when it is running, else 0."),
    Column("disabled", INTEGER, "1 when the user, the browser or Mozilla disabled it, else 0."),
    Column("autoupdate", INTEGER, "Updates in the background: 0 never, 1 as the browser's default says, 2 always."),
    Column("location", TEXT, "Kind of place it is installed in, such as app-profile or app-builtin."),
    Column("path", TEXT, "Its file or directory."),
    platforms=LINUX,
    user_data=True,
    examples=[
        "SELECT u.username, a.name, a.version, a.active FROM users u CROSS JOIN firefox_addons a USING (uid)",
        "SELECT name, identifier, source_url FROM firefox_addons WHERE location = 'app-profile'",
    ],
    notes="From `extensions.json` of the profiles in users' homes, of packages, snaps and flatpaks; other users'"
    " need root. Firefox writes that file some time after a change.",
)
def firefox_addons(query: Query) -> Rows:
    """Add-ons of Firefox, by user."""
    for user in per_user.users(query):
        for profile in _profiles(query.root, user):
            if query.cancelled():
                return
            addons = documents.member(documents.read(query.root, f"{profile}/extensions.json"), "addons")
            for addon in addons if isinstance(addons, list) else ():
                if isinstance(addon, dict):
                    yield _row(user.uid, addon)


def _profiles(root: str, user: User) -> Iterator[str]:
    for home in _HOMES:
        top = f"{user.directory.rstrip('/')}/{home}"
        for name in documents.folders(root, top):
            if not name.endswith(_NO_PROFILES):
                yield f"{top}/{name}"


def _row(uid: int, addon: dict[str, Any]) -> Row:
    return (
        uid, _text(addon, "defaultLocale", "name"), _text(addon, "id"), _text(addon, "defaultLocale", "creator"),
        _text(addon, "type"), _text(addon, "version"), _text(addon, "defaultLocale", "description"),
        _text(addon, "sourceURI"), _number(addon.get("visible")), _number(addon.get("active")),
        int(any(_true(addon.get(name)) for name in _DISABLED)), _number(addon.get("applyBackgroundUpdates")),
        _text(addon, "location"), _text(addon, "path"),
    )  # fmt: skip


def _text(addon: dict[str, Any], *names: str) -> str | None:
    """A member as text, the word null among them; None when it is missing or has members itself."""
    parent = documents.member(addon, *names[:-1])
    if not isinstance(parent, dict) or names[-1] not in parent:
        return None
    value = parent[names[-1]]
    if isinstance(value, bool):
        return str(int(value))
    return None if isinstance(value, (dict, list)) else documents.text(value)


def _number(value: Any) -> int | None:
    return int(value) if isinstance(value, int) and abs(value) < 1 << 31 else None


def _true(value: Any) -> bool:
    if isinstance(value, str):
        return value.lower() in {"true", "t"}
    return isinstance(value, int) and value != 0
