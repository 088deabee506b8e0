"""The shell on a terminal: a pseudo-terminal and the real program."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

import pytest

ENDLESS = "with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c;"
CONTROL = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>]")


class Terminal:
    """A program on a pseudo-terminal."""

    def __init__(self, arguments: list[str], environment: dict[str, str]) -> None:
        self.process, self.descriptor = pty.fork()
        if self.process == 0:
            os.execve(sys.executable, [sys.executable, "-m", "leadline", "shell", *arguments], environment)
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.seen = ""

    def send(self, text: str) -> None:
        os.write(self.descriptor, text.encode())

    def expect(self, text: str, seconds: float = 30) -> str:
        """Read until the text has come; what came since the last one, control sequences left out."""
        end = time.monotonic() + seconds
        while text not in CONTROL.sub("", self.seen):
            assert self.read(end - time.monotonic()), f"{text!r} did not come: {self.seen!r}"
        clean = CONTROL.sub("", self.seen)
        before, _, self.seen = clean.partition(text)
        return before + text

    def read(self, seconds: float) -> bool:
        if seconds <= 0 or not select.select([self.descriptor], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.descriptor, 65536)
        except OSError:  # Linux's way to say that the other end is closed
            return False
        if b"\x1b[6n" in data:  # prompt_toolkit asks where the cursor is
            os.write(self.descriptor, b"\x1b[1;1R")
        self.seen += data.decode(errors="replace")
        return bool(data)

    def ended(self) -> int:
        """The exit code, once the program has ended."""
        end = time.monotonic() + 30
        while self.read(end - time.monotonic()):
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])


@pytest.fixture
def terminal(tmp_path):
    started = []

    def start(*arguments: str, term: str = "xterm", **variables: str) -> Terminal:
        environment = {**os.environ, "HOME": str(tmp_path), "TERM": term, **variables}
        started.append(Terminal(list(arguments), environment))
        return started[-1]

    yield start
    for one in started:
        os.close(one.descriptor)
        try:
            os.kill(one.process, signal.SIGKILL)
            os.waitpid(one.process, 0)
        except (ProcessLookupError, ChildProcessError):
            pass


@pytest.fixture(params=["xterm", "dumb"])
def running(request, terminal):
    """A shell at its first prompt, with and without a cursor that can be moved."""
    one = terminal(term=request.param)
    assert "Using a virtual database. Need help, type '.help'" in one.expect("osquery>")
    return one


def test_a_statement_is_answered(running):
    running.send("select 41 + 1 as answer;\r")
    running.expect("| 42     |")
    running.expect("osquery>")


def test_a_statement_goes_on_over_lines_until_it_is_complete(running):
    running.send("select 41 + 1\r")
    running.expect("...>")
    running.send("as answer;\r")
    running.expect("| 42     |")


def test_an_error_names_no_line_and_leaves_the_shell_open(running):
    running.send("select * from nope;\r")
    running.expect("Error: no such table: nope")
    running.expect("osquery>")
    running.send(".print still here\r")
    running.expect("\nstill here")


def test_quit_ends_the_shell_with_success(running):
    running.send(".quit\r")
    assert running.ended() == 0


def test_exit_ends_the_shell_with_its_code(running):
    running.send(".exit 7\r")
    assert running.ended() == 7


def test_end_of_input_ends_the_shell(running):
    running.send("\x04")
    assert running.ended() == 0


def test_control_c_ends_the_statement_and_not_the_shell(running):
    running.send(f".mode list\rselect 'go' || 'ing'; {ENDLESS}\r")
    running.expect("\ngoing")
    os.kill(running.process, signal.SIGINT)
    running.expect("Error: interrupted")
    running.expect("osquery>")
    running.send("select 41 + 1 as answer;\r")
    running.expect("\n42")


def test_control_c_at_the_prompt_drops_what_was_typed(terminal):
    one = terminal()
    one.expect("osquery>")
    one.send("select 1")
    one.expect("select 1")
    one.send("\x03")
    one.expect("osquery>")
    one.send("select 41 + 1 as answer;\r")
    one.expect("| 42     |")


def test_control_characters_of_a_cell_are_spelled_out(terminal):
    one = terminal("select 'a' || char(27) || '[31m' || char(10) || char(0x9b) || 'é' as x")
    one.ended()
    assert "| a\\x1B[31m\\n\\x9Bé |" in one.seen


def test_control_characters_reach_a_pipe_as_they_are(shell):
    ran = shell("--list", "select 'a' || char(27) || '[31m' as x")
    assert ran.out == "x\na\x1b[31m\n"


def test_statements_are_kept_for_the_next_session(terminal, tmp_path):
    first = terminal()
    first.expect("osquery>")
    first.send("select 41 +\r")
    first.expect("...>")
    first.send("1 as answer;\r")
    first.expect("| 42     |")
    first.send(".quit\r")
    assert first.ended() == 0
    history = tmp_path / ".osquery" / ".history"
    assert history.read_text() == "select 41 + 1 as answer;\n.quit\n"
    assert history.stat().st_mode & 0o777 == 0o600
    second = terminal()
    second.expect("osquery>")
    second.send("\x1b[A")
    second.expect(".quit")
    second.send("\x1b[A")
    second.expect("select 41 + 1 as answer;")
    second.send("\r")
    second.expect("| 42     |")


def test_tab_completes_a_table(terminal):
    one = terminal()
    one.expect("osquery>")
    one.send("select count(*) > 0 as found from etc_h\t")
    one.expect("osts")
    one.send(";\r")
    one.expect("| found |")


def test_words_are_coloured_unless_colour_is_unwanted(terminal):
    coloured = terminal(term="xterm-256color")
    coloured.expect("osquery>")
    coloured.send("select 'x';\r")
    seen = []
    while "+---" not in coloured.seen:
        assert coloured.read(30)
        seen.append(coloured.seen)
    assert "\x1b[38;5;147" in "".join(seen) or "\x1b[0;38;5;" in "".join(seen)
    plain = terminal(term="xterm-256color", NO_COLOR="1")
    plain.expect("osquery>")
    plain.send("select 'x';\r")
    seen = []
    while "+---" not in plain.seen:
        assert plain.read(30)
        seen.append(plain.seen)
    assert "38;5" not in "".join(seen)
