"""A shell session: its settings, its engine, where it writes, and the running of SQL text in it."""

from __future__ import annotations

import os

from leadline.shell.output import Output
from leadline.shell.settings import Settings, render
from leadline.sql.errors import SQLError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadline.extensions.calls import Peer
    from leadline.flags import Flags
    from leadline.shell.extensions import Extensions, Remote
    from leadline.sql.engine import Engine, Result


class Session:
    """What the parts of the shell share.

    ``stdout`` is standard output; ``out`` takes results and is another file under ``--output``. Standard error is
    written at once, after what is waiting for standard output.
    """

    __slots__ = (
        "_engine", "extensions", "flags", "interactive", "interrupted", "out", "remote", "settings", "stdout",
    )  # fmt: skip

    def __init__(self, flags: Flags, stdout: Output, out: Output, *, interactive: bool = False) -> None:
        self.flags = flags
        self.settings = Settings(flags)
        self.stdout = stdout
        self.out = out
        self.interactive = interactive
        self.interrupted = False
        self._engine: Engine | None = None
        self.extensions: Extensions | None = None
        """What extends the shell, when that is asked for."""
        self.remote: Peer | None = None
        """The other program that statements are sent to, while connected to one."""

    @property
    def engine(self) -> Engine:
        """The engine, opened when it is first needed."""
        if self._engine is None:
            from leadline.shell.opening import open_engine

            self._engine = open_engine(self.flags, self.extensions)
        return self._engine

    def start(self, statement: str) -> Result | Remote:
        """Start one statement, here or in the program the shell is connected to. Raises SQLError."""
        if self.remote is None:
            return self.engine.query(statement)
        from leadline.shell.extensions import Remote

        return Remote(self.remote, statement, self)

    def close(self) -> None:
        """End what extends the shell."""
        if self.extensions is not None:
            self.extensions.stop()

    def interrupt(self) -> None:
        """End the running statement, and do not start those after it in the same text; for a signal handler."""
        self.interrupted = True
        self.engine.interrupt()

    def flush(self) -> None:
        """Write what is waiting."""
        self.stdout.flush()
        self.out.flush()

    def error(self, text: str) -> None:
        """Write a line to standard error."""
        self.flush()
        os.write(2, f"{text}\n".encode("utf-8", "surrogateescape"))

    def execute(self, text: str) -> SQLError | None:
        """Run the statements of a text up to the first error, print their rows, return the error."""
        try:
            pieces = render(self.settings, self.results(text), terminal=self.out.terminal)
            if self.settings.echo and self.settings.mode == "pretty":  # osquery prints these after the last statement
                pieces = iter(held(pieces))
            self.out.write_all(pieces)
        except SQLError as error:
            return error
        return None

    def results(self, text: str) -> Iterator[Result | Remote]:
        """The results of the statements, one after the other, echoed where that is on."""
        from leadline.sql import analysis

        statements = analysis.split(valid(text))
        for number, statement in enumerate(statements, 1):
            if self.interrupted:
                raise SQLError("interrupted", 9)
            if self.remote is None and self.flags.given("planner") and self.flags.on("planner"):
                self.plan(statement)
            result = self.start(statement)
            if self.settings.echo:
                ended = number < len(statements) or analysis.complete(text)
                self.out.write(f"{statement}{';' if ended else ''}\n")
            yield result

    def plan(self, statement: str) -> None:
        """Print the order in which SQLite opens and searches tables, on standard error."""
        for _, _, _, step in self.engine.query(f"EXPLAIN QUERY PLAN {statement}"):
            self.error(f"osquery planner: {step!s}")

    def run(self, text: str) -> int:
        """Run SQL given on the command line; the exit code is SQLite's result code."""
        error = self.execute(text)
        if error is None:
            return 0
        self.error(f"Error: {error.message}" if error.message else f'Error: unable to process SQL "{text}"')
        return error.code or 1


def held(pieces: Iterator[str]) -> Iterator[str]:
    """The pieces, after the last one is known; those before an error too."""
    kept: list[str] = []
    failure = None
    try:
        for piece in pieces:
            kept.append(piece)  # noqa: PERF402 - what came before an error counts
    except SQLError as error:
        failure = error
    yield from kept
    if failure:
        raise failure


def valid(text: str) -> str:
    """Text that SQLite takes: bytes that are not UTF-8, which come in as surrogates, become U+FFFD."""
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
