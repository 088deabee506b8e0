"""What `up` shows a person: a line that says what is happening, then a short page."""

from __future__ import annotations

import os
import sys
from typing import TextIO

EXAMPLE = "SELECT name, pid FROM processes LIMIT 5"
DIM, BOLD, ACCENT, ALERT, PLAIN = "\x1b[2m", "\x1b[1m", "\x1b[36m", "\x1b[31m", "\x1b[0m"


class Screen:
    """Writes to one stream, with colours and a moving line only on a terminal."""

    def __init__(self, stream: TextIO = sys.stderr) -> None:
        self.stream = stream
        self.terminal = stream.isatty() and os.environ.get("TERM") != "dumb"
        self.coloured = self.terminal and "NO_COLOR" not in os.environ

    def paint(self, colour: str, text: str) -> str:
        """The text in a colour, where there are colours."""
        return f"{colour}{text}{PLAIN}" if self.coloured else text

    def step(self, text: str) -> None:
        """Say what happens now; on a terminal the next step takes the line's place."""
        if self.terminal:
            self.stream.write(f"\r\x1b[K  {self.paint(DIM, text + ' …')}")
        else:
            self.stream.write(f"{text}\n")
        self.stream.flush()

    def clear(self) -> None:
        """Take the last step's line away."""
        if self.terminal:
            self.stream.write("\r\x1b[K")
            self.stream.flush()

    def fail(self, text: str) -> None:
        """Say why it cannot go on."""
        self.clear()
        self.stream.write(f"{self.paint(ALERT, 'leadline up:')} {text}\n")
        self.stream.flush()

    def page(self, lines: list[str]) -> None:
        """Show lines of the page that stays."""
        self.clear()
        self.stream.write("\n".join(["", *("  " + line if line else "" for line in lines), "", ""]))
        self.stream.flush()

    def welcome(self, *, url: str, email: str, password: str | None, data: str, host: str, seconds: float) -> None:
        """The page of a running Leadline. ``password`` is known only on the first start."""
        login = f"{email}   {self.paint(BOLD, password)}" if password else f"{email}   the password of the first start"
        kept = "the password is shown only now" if password else "everything from last time is still here"
        tries = [
            (f'leadline up --exec "{EXAMPLE}"', "one question, start to end"),
            ('leadline shell "SELECT * FROM listening_ports"', "this machine, without a server"),
            (f"curl --cacert {data}/ca.pem {url}/healthz", "is it well?"),
        ]
        width = max(len(command) for command, _ in tries)
        self.page(
            [
                f"{self.paint(BOLD, 'Leadline is up')}  {self.paint(DIM, f'in {seconds:.1f} s; {kept}')}",
                "",
                f"{self.paint(DIM, 'Open ')}  {self.paint(ACCENT, url)}",
                f"{self.paint(DIM, 'Login')}  {login}",
                f"{self.paint(DIM, 'Host ')}  {host} has enrolled",
                f"{self.paint(DIM, 'Data ')}  {data}",
                "",
                self.paint(DIM, "Try"),
                *(f"  {command.ljust(width)}  {self.paint(DIM, purpose)}" for command, purpose in tries),
                "",
                self.paint(DIM, "The server's certificate comes from an authority made for this directory:"),
                self.paint(DIM, f"accept it once in the browser, or import {data}/ca.pem. Ctrl-C stops everything."),
            ]
        )
