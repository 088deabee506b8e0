"""Lines of input, from a script or typed: meta commands and statements, each run when it is complete."""

from __future__ import annotations

from leadline.shell import meta

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from leadline.shell.session import Session


class Script:
    """Takes lines one by one. ``pending`` is the text of a statement that is not complete yet."""

    __slots__ = ("_line", "_start", "_types", "errors", "pending", "session")

    def __init__(self, session: Session) -> None:
        self.session = session
        self.errors = 0
        self.pending = ""
        self._line = 0  # number of the last line
        self._start = 0  # number of the line on which the pending text started
        self._types = False  # the pending text is the argument of .types

    def feed(self, line: str) -> bool:
        """Take a line without its end; False when it ends the shell. Raises meta.Exit for ``.exit N``."""
        self._line += 1
        settings = self.session.settings
        if not self.pending:
            if blank(line):
                if settings.echo:
                    self.session.stdout.write(f"{line}\n")
                return True
            if line[0] == ".":
                if settings.echo:
                    self.session.stdout.write(f"{line}\n")
                if not line.startswith(".types "):
                    return self.command(line)
                self._types = True
                line = line[7:]
            self._start = self._line
            self.pending = line.lstrip()
        else:
            self.pending += f"\n{line}"
        if ";" in line:
            from leadline.sql import analysis

            if analysis.complete(self.pending):
                self.statement(near=not self.session.interactive, timed=settings.timer)
        elif blank(self.pending):
            self.pending = ""
        return True

    def command(self, line: str) -> bool:
        """Run a meta command; False when it ends the shell."""
        code = meta.run(self.session, line)
        if code == meta.QUIT:
            return False
        self.errors += code != 0
        return True

    def statement(self, *, near: bool, timed: bool) -> None:
        """Run the pending text. ``near`` names the line in the message of an error."""
        text, self.pending = self.pending, ""
        session = self.session
        if self._types:
            from leadline.shell.types import print_types

            self._types = False
            print_types(session, text)
            return
        if timed:
            from leadline.shell.timer import timed as measured

            with measured(session.stdout):
                error = session.execute(text)
        else:
            error = session.execute(text)
        if error is not None:
            self.errors += 1
            if error.message:
                where = f" near line {self._start}:" if near else ""
                session.error(f"Error:{where} {error.message}")

    def drop(self) -> None:
        """Forget what is pending."""
        self.pending = ""
        self._types = False

    def finish(self) -> int:
        """End of input: run what is pending, although it does not end in a semicolon; 1 after any error."""
        if self.pending and not blank(self.pending):
            self.statement(near=False, timed=False)
        return int(self.errors > 0)


def run(session: Session, lines: Iterable[bytes]) -> int:
    """Run a script; the exit code. Raises meta.Exit for ``.exit N``."""
    script = Script(session)
    for line in lines:
        going = script.feed(decoded(line.removesuffix(b"\n").removesuffix(b"\r")))
        session.flush()
        if not going or (script.errors and session.settings.bail):
            break
    return script.finish()


def decoded(data: bytes) -> str:
    """Input as text; what is not UTF-8 becomes U+FFFD, since SQLite's text has to be valid."""
    return data.decode("utf-8", "replace").partition("\0")[0]


def blank(text: str) -> bool:
    """Whether text has nothing but white space and comments; a comment that is not closed is something."""
    at, end = 0, len(text)
    while at < end:
        if text[at] in " \t\n\v\f\r":
            at += 1
        elif text.startswith("/*", at):
            close = text.find("*/", at + 2)
            if close < 0:
                return False
            at = close + 2
        elif text.startswith("--", at):
            line_end = text.find("\n", at)
            if line_end < 0:
                return True
            at = line_end + 1
        else:
            return False
    return True
