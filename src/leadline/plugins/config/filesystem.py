"""The configuration in a file and in the directory beside it that has the file's name and ``.d``."""

from __future__ import annotations

import os
from glob import escape, glob

from leadline.plugins.errors import PluginError
from leadline.plugins.kinds import Context


class Filesystem:
    """Reads ``config_path`` and every ``config_path``.d/*.conf, sorted by name."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def read(self) -> dict[str, str]:
        """The text of each file, by path."""
        path = self.context.flags.text("config_path")
        if not os.path.isfile(path):
            raise PluginError(f"config file does not exist: {path}")
        return {name: text(name) for name in (path, *sorted(glob(escape(path) + ".d/*.conf")))}

    def cancel(self) -> None:
        """Reading files does not take long."""


def text(path: str) -> str:
    """The content of a file; what is not UTF-8 in it is replaced, and the parser will say where."""
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError as error:
        raise PluginError(f"Cannot read {path}: {error.strerror}") from error
