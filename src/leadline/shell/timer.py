"""``.timer``: the time that a statement takes."""

from __future__ import annotations

from resource import RUSAGE_SELF, getrusage
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.shell.output import Output


class timed:  # noqa: N801 - used as a statement
    """A context that prints wall time, and CPU time in user and system mode, in seconds."""

    __slots__ = ("_output", "_system", "_user", "_wall")

    def __init__(self, output: Output) -> None:
        self._output = output

    def __enter__(self) -> None:
        usage = getrusage(RUSAGE_SELF)
        self._wall, self._user, self._system = monotonic(), usage.ru_utime, usage.ru_stime

    def __exit__(self, *_: object) -> None:
        usage = getrusage(RUSAGE_SELF)
        wall = monotonic() - self._wall
        user, system = usage.ru_utime - self._user, usage.ru_stime - self._system
        self._output.write(f"Run Time: real {wall:.3f} user {user:f} sys {system:f}\n")
