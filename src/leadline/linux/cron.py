"""The tables of cron. Format: crontab(5)."""

from __future__ import annotations

from leadline.linux import files, rooted
from leadline.linux.text import clean, decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

SYSTEM = "/etc/crontab"
DIRECTORIES = ("/etc/cron.d", "/var/spool/cron", "/var/spool/cron/crontabs")


class Job:
    """One line that starts a command. ``times`` are its five fields, or ``event`` is its nickname such as @daily.

    In the system's own tables ``command`` begins with the user it runs as.
    """

    __slots__ = ("command", "event", "path", "times")

    def __init__(self, path: str, event: str | None, times: list[str | None], command: str) -> None:
        self.path = path
        self.event = event
        self.times = times
        self.command = command


def jobs(root: str) -> Iterator[Job]:
    """All jobs: the system's table, then the directories, each in the order of the names."""
    for path in _tables(root):
        try:
            data = files.read(rooted.path(root, path))
        except IsADirectoryError:
            continue
        shown = clean(path)
        for line in (data or b"").split(b"\n"):
            job = parse(shown, decode(line))
            if job:
                yield job


def parse(path: str, line: str) -> Job | None:
    """The job of a line; None for a comment, a variable, or what is too short to be a job."""
    words = line.split()
    if not words or words[0].startswith("#") or _assigns(words):
        return None
    if words[0].startswith("@"):
        times: list[str | None] = [None] * 5
        return Job(path, words[0], times, " ".join(words[1:])) if len(words) > 1 else None
    return Job(path, None, [*words[:5]], " ".join(words[5:])) if len(words) > 5 else None


def _assigns(words: list[str]) -> bool:
    """Whether the line sets a variable: `NAME=value`, with blanks around the sign or without, the name maybe quoted."""
    if not (words[0][0].isalpha() or words[0][0] in "_\"'"):
        return False
    return "=" in words[0] or (len(words) > 1 and words[1].startswith("="))


def _tables(root: str) -> Iterator[str]:
    yield SYSTEM
    for directory in DIRECTORIES:
        for name in sorted(files.names(rooted.path(root, directory))):
            if not name.startswith("."):  # cron reads none of these, and packages put .placeholder there
                yield f"{directory}/{name}"
