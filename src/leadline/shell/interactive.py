"""The shell on a terminal: a banner, a prompt, and an interrupt that ends the statement instead of the shell."""

from __future__ import annotations

import os
import sys

from leadline.shell.script import Script, decoded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from leadline.shell.session import Session

PROMPT = "osquery> "
CONTINUATION = "    ...> "
COLOUR = "\033[38;5;147m"  # osquery's, on terminals that call themselves xterm-256color


def interact(session: Session) -> int:
    """Read and run until the end of input, ``.quit`` or ``.exit``; the exit code. Raises meta.Exit."""
    banner(session)
    if session.stdout.terminal and os.environ.get("TERM", "dumb") != "dumb":
        from leadline.shell.prompt import Prompt

        prompt = Prompt(session.flags, coloured=coloured(), mark=lambda: mark(session))
        try:
            return follow(session, prompt.read)
        finally:
            prompt.close()
    return follow(session, plain_reader(session))


def coloured() -> bool:
    """Whether colours are wanted: https://no-color.org"""
    return not os.environ.get("NO_COLOR")


def banner(session: Session) -> None:
    """The first line, with osquery's bold words."""
    bold, plain = ("\033[1m", "\033[0m") if session.stdout.terminal and coloured() else ("", "")
    session.stdout.write(f"Using a {bold}virtual database{plain}. Need help, type '.help'\n")
    session.flush()


def follow(session: Session, read: Callable[[bool], str | None]) -> int:
    """Run what ``read(continued)`` returns, which may have several lines, until it returns None.

    Ctrl-C at the prompt drops what has been typed; while a statement runs it ends the statement.
    """
    script = Script(session)
    while True:
        session.flush()
        try:
            text = read(bool(script.pending))
        except KeyboardInterrupt:
            script.drop()
            continue
        if text is None:
            session.stdout.write("\n")
            break
        with interruptible(session):
            if not all(map(script.feed, text.split("\n"))):
                break
    with interruptible(session):
        return script.finish()


class interruptible:  # noqa: N801 - used as a statement
    """A context in which SIGINT ends the running statement."""

    __slots__ = ("_before", "_session")

    def __init__(self, session: Session) -> None:
        self._session = session

    def __enter__(self) -> None:
        from signal import SIGINT, signal

        session = self._session
        session.interrupted = False
        assert session.engine  # opened here: a handler must find it
        self._before = signal(SIGINT, lambda number, frame: session.interrupt())

    def __exit__(self, *_: object) -> None:
        from signal import SIGINT, signal

        signal(SIGINT, self._before)


def mark(session: Session) -> str:
    """What stands before the prompt: osquery's sign while statements go to another program."""
    return "[*]" if session.remote is not None else ""


def plain_reader(session: Session) -> Callable[[bool], str | None]:
    """Lines from a terminal that cannot move its cursor, or when standard output is no terminal."""
    start, end = (COLOUR, "\033[0m") if coloured() and "xterm-256color" in os.environ.get("TERM", "") else ("", "")

    def read(continued: bool) -> str | None:
        session.stdout.write(f"{start}{mark(session)}{CONTINUATION if continued else PROMPT}{end}")
        session.flush()
        try:
            line = sys.stdin.buffer.readline()
        except KeyboardInterrupt:
            session.stdout.write("\n")
            raise
        return decoded(line.removesuffix(b"\n")) if line else None

    return read
