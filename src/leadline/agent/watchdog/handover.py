"""What the watcher hands to a worker that it starts, in one variable of the environment, and the pipe back.

The worker takes the variable out of its environment, so nothing that it starts inherits it.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import MutableMapping

VARIABLE = "OSQUERY_WORKER"
"""osquery's name for the variable that makes a worker of a process."""

READY = b"r"
RELOADING = b"l"
BEAT = b"b"
"""What a worker writes into its pipe: it is ready, it loads its configuration again, it is alive."""

NOTES = 50
LENGTH = 1_000
"""Number and length in characters of the notes that are kept for the next worker."""

_FIELD = "\x1f"
_NOTE = "\x1e"


class Note:
    """A message of the watcher for the status log: severity as osquery numbers it, Unix time, text."""

    __slots__ = ("severity", "text", "time")

    def __init__(self, severity: int, time: float, text: str) -> None:
        self.severity = severity
        self.time = time
        self.text = text[:LENGTH].replace(_FIELD, " ").replace(_NOTE, " ")


class Handover:
    """``parent``: the watcher's process; ``lock``: descriptor that holds the pidfile, -1 when there is none; ``pipe``:
    descriptor for READY and the others; ``program``: the name that the agent was started under; ``reason``: why the
    last worker was stopped or how it ended, empty for the first one; ``notes``: the watcher's messages since then.
    """

    __slots__ = ("lock", "notes", "parent", "pipe", "program", "reason")

    def __init__(self, parent: int, lock: int, pipe: int, program: str, reason: str, notes: list[Note]) -> None:
        self.parent = parent
        self.lock = lock
        self.pipe = pipe
        self.program = program
        self.reason = reason
        self.notes = notes

    def encode(self) -> str:
        """As the value of a variable."""
        notes = _NOTE.join(f"{note.severity} {note.time} {note.text}" for note in self.notes[-NOTES:])
        fields = (str(self.parent), str(self.lock), str(self.pipe), self.program, self.reason, notes)
        return _FIELD.join(fields).replace("\0", " ")

    def tell(self, what: bytes) -> None:
        """Write to the watcher; one that does not read is left alone."""
        try:
            os.write(self.pipe, what)
        except OSError:
            pass


def take(environment: MutableMapping[str, str]) -> Handover | None:
    """Take the variable out of the environment; None when it is not there or was meant for another process."""
    fields = environment.pop(VARIABLE, "").split(_FIELD)
    if len(fields) != 6 or fields[0] != str(os.getppid()):
        return None
    notes = []
    for text in filter(None, fields[5].split(_NOTE)):
        severity, time, message = text.split(" ", 2)
        notes.append(Note(int(severity), float(time), message))
    handover = Handover(int(fields[0]), int(fields[1]), int(fields[2]), fields[3], fields[4], notes)
    for descriptor in (handover.lock, handover.pipe):
        if descriptor >= 0:
            os.set_inheritable(descriptor, False)
    return handover
