"""Lines that a destination will never take, kept in a file where people can look at them.

A line that is too long, or whose fields a destination cannot store, would keep all that are behind it from being
delivered. It leaves the buffer for ``osqueryd.rejected.log`` in ``logger_path``, one JSON object a line: when, for
which logger, why, and the line itself. The file holds 10 MiB, and so does the one before it, ``.1``.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable
from time import time

from leadline.agent.lines import calendar_time
from leadline.flags import Flags

log = logging.getLogger(__name__)

FILE = "osqueryd.rejected.log"
MAX_SIZE = 10 << 20


def keep(flags: Flags, logger: str, entries: Iterable[tuple[str, str]]) -> None:
    """Write (line, reason) pairs, and tell how many there are."""
    found = list(entries)
    path = os.path.join(flags.text("logger_path"), FILE)
    moment = calendar_time(int(time()))
    content = "".join(
        json.dumps({"time": moment, "logger": logger, "reason": reason, "line": line}, ensure_ascii=False) + "\n"
        for line, reason in found
    )
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        append(path, content.encode("utf-8", "backslashreplace"))
        where = f"they are in {path}"
    except OSError as error:
        where = f"they are lost, since {path} cannot be written: {error.strerror}"
    log.warning(
        "The destination of the logger %s will not take %d lines (%s): %s", logger, len(found), found[0][1], where
    )


def append(path: str, content: bytes) -> None:
    """Append to the file, after moving it to ``.1`` when it is full."""
    try:
        if os.stat(path).st_size >= MAX_SIZE:
            os.replace(path, path + ".1")
    except FileNotFoundError:
        pass
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
