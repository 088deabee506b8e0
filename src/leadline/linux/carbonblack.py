"""What Carbon Black's sensor keeps below /var/lib/cb: its number, its settings, and what it has yet to send."""

from __future__ import annotations

import os

from leadline.linux import files, rooted
from leadline.linux.text import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

DIRECTORY = "/var/lib/cb"

_SECTION = "cb"
_MOST_ENTRIES = 100_000  # of the queue, however deep it lies


def sensor_id(root: str) -> int | None:
    """The number the server gave this sensor: the last five digits of the sixteen in sensor.id are hexadecimal."""
    data = files.read(rooted.path(root, f"{DIRECTORY}/sensor.id"), 64)
    if data is None or len(data) != 16:
        return None
    try:
        return int(data[11:], 16)
    except ValueError:
        return None


def settings(root: str) -> dict[str, str] | None:
    """The settings of the section CB in sensorsettings.ini by name in lower case; None without the file."""
    data = files.read(rooted.path(root, f"{DIRECTORY}/sensorsettings.ini"), 1 << 20)
    if data is None:
        return None
    found: dict[str, str] = {}
    section = ""
    for raw in data.split(b"\n"):
        line = decode(raw.strip())
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1].strip().lower()
        elif section == _SECTION and "=" in line and not line.startswith((";", "#")):
            name, _, value = line.partition("=")
            found.setdefault(name.strip().lower(), value.strip())
    return found


def queues(root: str) -> tuple[int, int] | None:
    """Bytes of events and of binaries that wait to be sent; None without the sensor's directory."""
    directory = rooted.path(root, DIRECTORY)
    if not os.path.isdir(directory):
        return None
    events = binaries = 0
    for name, size in _sizes(directory):
        if name in ("filedata", "metadata"):
            binaries += size
        if name == "events" or (name.startswith("events.") and "." not in name[7:]):
            events += size
    return events, binaries


def _sizes(directory: str) -> Iterator[tuple[str, int]]:
    """Name and size of each file below a directory; links are not followed."""
    todo = [directory]
    left = _MOST_ENTRIES
    while todo:
        try:
            with os.scandir(todo.pop()) as entries:
                for entry in entries:
                    left -= 1
                    if left < 0:
                        return
                    if entry.is_dir(follow_symlinks=False):
                        todo.append(entry.path)
                    elif entry.is_file(follow_symlinks=False):
                        yield entry.name, entry.stat(follow_symlinks=False).st_size
        except OSError as error:
            if error.errno not in files.ABSENT:
                raise
