"""The shell's history: ``~/.osquery/.history``, one line an entry, as osquery's own shell keeps it."""

from __future__ import annotations

import os
from collections.abc import Iterable

from prompt_toolkit.history import History

MOST = 100  # lines that osquery keeps


def home() -> str:
    """The directory of the user's osquery files; it may not exist."""
    return os.path.join(os.path.expanduser("~"), ".osquery")


def entries(text: str) -> list[str]:
    """A statement as lines of the file: joined into one, unless a comment would swallow what follows it."""
    return text.split("\n") if "--" in text else [text.replace("\n", " ")]


class FileHistory(History):
    """A file that is read at the start and rewritten when the shell is left."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path
        self.lines: list[str] = []

    def load_history_strings(self) -> Iterable[str]:
        """What the file holds, the newest first."""
        try:
            with open(self.path, encoding="utf-8", errors="replace") as stream:
                self.lines = stream.read().splitlines()[-MOST:]
        except OSError:
            self.lines = []
        return list(reversed(self.lines))

    def store_string(self, string: str) -> None:
        """Keep a new entry; like linenoise, not the one just before again."""
        for line in entries(string):
            if line and (not self.lines or self.lines[-1] != line):
                self.lines.append(line)

    def save(self) -> None:
        """Write the newest entries, readable by the user alone. A directory that cannot be written is no error."""
        try:
            os.makedirs(os.path.dirname(self.path), mode=0o700, exist_ok=True)
            temporary = f"{self.path}.{os.getpid()}"
            with open(
                os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
            ) as stream:
                stream.writelines(f"{line}\n" for line in self.lines[-MOST:])
            os.replace(temporary, self.path)
        except OSError:
            return
