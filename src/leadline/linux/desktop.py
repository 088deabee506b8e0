"""Files that start programs on a desktop: the Desktop Entry and the Autostart specifications of freedesktop.org."""

from __future__ import annotations

from leadline.linux.text import decode

_GROUP = b"[Desktop Entry]"
_LINES = 10_000
_DISABLED = {"Hidden": "true", "X-GNOME-Autostart-enabled": "false", "X-MATE-Autostart-enabled": "false"}


def entry(data: bytes) -> dict[str, str]:
    """The settings of the file's main group by key, without the translated ones; of a key that comes twice the
    first. Empty for what is no such file."""
    found: dict[str, str] = {}
    inside = False
    for line in data.split(b"\n", _LINES)[:_LINES]:
        line = line.strip()
        if line.startswith(b"["):
            inside = line == _GROUP
        elif inside and not line.startswith(b"#"):
            key, equals, value = line.partition(b"=")
            if equals:
                found.setdefault(decode(key.strip()), decode(value.strip()))
    return found


def disabled(settings: dict[str, str]) -> bool:
    """Whether the settings of an autostart file say that it is not to be started."""
    return any(settings.get(key, "").lower() == value for key, value in _DISABLED.items())
