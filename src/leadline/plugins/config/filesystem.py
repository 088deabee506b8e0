"""The configuration in a file and in the directory beside it that has the file's name and ``.d``."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence

from leadline.configuration import files, packs
from leadline.plugins.errors import PluginError
from leadline.plugins.kinds import Context, PackText

log = logging.getLogger(__name__)


class Filesystem:
    """Reads ``config_path`` and every ``config_path``.d/*.conf, sorted by name; packs are files too."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def read(self) -> dict[str, str]:
        """The text of each file, by path; one of the directory that cannot be read does not keep the others back."""
        path = self.context.flags.text("config_path")
        if not os.path.isfile(path):
            raise PluginError(f"config file does not exist: {path}")
        found: dict[str, str] = {}
        for name in files.paths(path):
            try:
                found[name] = files.text(name)
            except OSError as error:
                if name == path:
                    raise PluginError(f"Cannot read {name}: {error.strerror}") from error
                log.warning("Cannot read %s, which is left out: %s", name, error.strerror)
        return found

    def packs(self, name: str, value: str) -> Sequence[PackText]:
        """The file of the path, or every file that fits the pattern, named after it."""
        try:
            return [PackText(*pack) for pack in packs.read(name, value)]
        except OSError as error:
            raise PluginError(f"{error.filename or value}: {error.strerror}") from error

    def cancel(self) -> None:
        """Reading files does not take long."""
