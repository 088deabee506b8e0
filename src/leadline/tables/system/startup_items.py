"""The startup_items table."""

from __future__ import annotations

import os
import stat

from leadline.linux import desktop, files, passwd, rooted
from leadline.linux.systemd import bus, unitfiles, units
from leadline.linux.text import clean
from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table

ITEM = "Startup Item"
UNIT = "systemd unit"
ITEMS, SCRIPTS = "/.config/autostart/", "/.config/autostart-scripts/"
SYSTEM_ITEMS, SYSTEM_SCRIPTS = "/etc/xdg/autostart/", "/etc/init.d/"
BYTES = 1 << 20  # of one desktop file


@table(
    "startup_items",
    Column("name", TEXT, "Name of the item: of a desktop file, a script or a unit."),
    Column("path", TEXT, "Command line of a desktop file, path of a script, file that defines a unit."),
    Column("args", TEXT, "Arguments; always empty on Linux, where path has the command line."),
    Column("type", TEXT, "Startup Item or systemd unit."),
    Column("source", TEXT, "Directory of the item; for a generated unit the file it was made from."),
    Column("status", TEXT, "enabled, or disabled by the desktop file; of units the state: active, failed and so on."),
    Column("username", TEXT, "User whose item it is, or as whom a service runs."),
    platforms=LINUX,
    cacheable=True,
    examples=[
        "SELECT name, path, username FROM startup_items WHERE type = 'Startup Item'",
        "SELECT name, path FROM startup_items WHERE type = 'systemd unit' AND path LIKE '/etc/%'",
    ],
    notes="From the autostart directories of the system and of all local users, from /etc/init.d, and from"
    " systemd over D-Bus. Of an image the unit files are read, and status is whether they are enabled. Other users'"
    " directories take root.",
)  # fmt: skip
def startup_items(query: Query) -> Rows:
    """What the system and the users' desktops start by themselves."""
    root = query.root
    seen = set()
    for user in passwd.users(root):
        home = user.directory.rstrip("/")
        if home.startswith("/") and home not in seen:
            seen.add(home)
            yield from _items(root, home + ITEMS, user.name)
            yield from _scripts(root, home + SCRIPTS, user.name)
    yield from _scripts(root, SYSTEM_SCRIPTS, None)
    yield from _items(root, SYSTEM_ITEMS, None)
    yield from _units_on_disk(root) if root else _units(query)


def _items(root: str, directory: str, user: str | None) -> Rows:
    for name in _regular(root, directory):
        settings = desktop.entry(files.read(rooted.path(root, directory + name), BYTES) or b"")
        status = "disabled" if desktop.disabled(settings) else "enabled"
        yield settings.get("Name"), settings.get("Exec"), None, ITEM, clean(directory), status, user


def _scripts(root: str, directory: str, user: str | None) -> Rows:
    for name in _regular(root, directory):
        yield clean(name), clean(directory + name), None, ITEM, clean(directory), "enabled", user


def _regular(root: str, directory: str) -> list[str]:
    """The names of the files in a directory, and of links to files, in order."""
    found = []
    for name in sorted(files.names(rooted.path(root, directory))):
        try:
            if stat.S_ISREG(os.stat(rooted.path(root, directory + name)).st_mode):
                found.append(name)
        except (OSError, ValueError):  # gone, or a link to nowhere
            continue
    return found


def _units(query: Query) -> Rows:
    names = [name for name, column in (("FragmentPath", "path"), ("SourcePath", "source"), ("User", "username"))
             if query.uses(column)]  # fmt: skip
    try:
        connected = bus.connect(bus.addresses(os.environ))
        if connected is None:
            return
        with connected:
            for unit, found in units.described(connected, units.loaded(connected), names):
                texts = (found.get("FragmentPath"), None, UNIT, found.get("SourcePath"))
                yield unit.id, *texts, unit.active_state, found.get("User")
    except bus.BusError as error:
        query.warn(f"systemd cannot be asked: {error}")


def _units_on_disk(root: str) -> Rows:
    for one in unitfiles.units(root):
        yield one.id, one.path, None, UNIT, one.last("Unit", "SourcePath"), one.state, one.last("Service", "User")
