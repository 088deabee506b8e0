"""Partitions and files of a disk or an image of one, read without mounting it: asks leadline.linux.sleuthkit."""

from __future__ import annotations

from leadline.linux import isolated, rooted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Row = tuple[Any, ...]

_SECONDS = 60.0  # of processor time for one row
_MEGABYTES = 1024


def rows(
    root: str, device: str, want: dict[str, Any], cancelled: Callable[[], bool], warn: Callable[[str], None]
) -> Iterator[Row]:
    """What leadline.linux.sleuthkit.rows says of a device; ``want`` is its request without the place.

    Below another root a device is only read where it is a regular file. A child that fails is told of with ``warn``.
    """
    import json

    path = isolated.place(rooted.path(root, device))
    request = json.dumps({**want, "path": path, "regular": bool(root)})
    try:
        yield from isolated.rows(
            "leadline.linux.sleuthkit", [request], cancelled, _SECONDS, _MEGABYTES, warn=warn
        )  # fmt: skip
    except isolated.ChildError as error:
        warn(f"the process that reads {device} {error}")
