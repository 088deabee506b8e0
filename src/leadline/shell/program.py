"""The shell program: ``leadline shell``, and ``osqueryi``."""

from __future__ import annotations

import gc
import os

from leadline.flags import DEFAULT_FLAGFILE, FlagError, Flags
from leadline.shell.output import Output
from leadline.shell.session import Session

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

BROKEN_PIPE = 128 + 13  # what a shell reports for a program that SIGPIPE ended
INTERRUPTED = 128 + 2

EXTENDING = (
    "connect", "extension", "disable_extensions", "extensions_socket", "extensions_autoload", "extensions_require",
    "tables_d",
)  # fmt: skip
"""The flags about extensions: without any of them nothing of theirs is imported."""


def main(argv: list[str], program: str) -> int:
    """Run the shell with the arguments after its name; the exit code."""
    gc.set_threshold(50_000, 20, 20)  # rows make few cycles, and the imports of a start would set collections off
    stdout = Output(1)
    try:
        code = start(argv, program, stdout)
        stdout.flush()
    except BrokenPipeError:  # the reader has seen enough
        return BROKEN_PIPE
    except OSError as error:
        return complain(f"Error: cannot write results: {error.strerror}")
    except KeyboardInterrupt:
        return INTERRUPTED
    return code


def start(argv: list[str], program: str, stdout: Output) -> int:
    """Set the flags, answer ``--help`` and ``--version``, and run what is asked."""
    if any(argument in ("-h", "--h", "-help", "--help") for argument in argv):
        from leadline.shell.about import usage

        stdout.write_all(usage(program))
        return 0
    flags = Flags()
    try:
        rest = flags.parse(argv, program, DEFAULT_FLAGFILE)
    except FlagError as error:
        return complain(error.text())
    if flags.given("version") and flags.on("version"):
        from leadline.shell.about import version

        stdout.write(version(program))
        return 0
    # the shell logs nowhere and watches nobody, whatever it is told (osquery.md 3.1)
    flags.assume("disable_logging", "true")
    flags.assume("disable_watchdog", "true")
    if not flags.given("disable_events"):
        flags.assume("disable_events", "true")
    if not flags.given("disable_database") and not flags.given("database_path"):
        flags.assume("disable_database", "true")
    refused = unusable(flags)
    if refused:
        return complain(refused)
    out = stdout
    path = flags.text("output")
    if path and path != "-":
        try:
            out = Output(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666))
        except OSError:
            return complain(f"Error: Cannot open output file '{path}'")
    session = Session(flags, stdout, out, interactive=os.isatty(0))
    try:
        refused = extend(session)
        code = complain(refused) if refused else run(session, rest)
    finally:
        session.flush()
        session.close()
    return code


def complain(text: str) -> int:
    """Print a line on standard error; the exit code of a bad command line."""
    os.write(2, f"{text}\n".encode("utf-8", "surrogateescape"))
    return 1


def unusable(flags: Flags) -> str:
    """What the command line asks for and cannot have, as a sentence; empty when there is nothing."""
    root = flags.text("root")
    if root and not os.path.isdir(root):
        return f"Error: root directory '{root}' does not exist"
    return ""


def extend(session: Session) -> str:
    """Load extensions and connect to another program, when that is asked for; why it cannot be, as a sentence."""
    flags = session.flags
    if not any(map(flags.given, EXTENDING)):
        return ""
    from leadline.extensions.errors import ExtensionError
    from leadline.shell.extensions import Extensions, asked, attach

    try:
        if asked(flags) or flags.text("tables_d"):
            session.extensions = Extensions(flags)
            session.extensions.start()
        elif flags.text("extension"):
            return "Error: --extension needs extensions, and --disable_extensions is given"
        if path := flags.text("connect"):
            session.remote = attach(path)
    except (ExtensionError, OSError) as error:
        return f"Error: {error}"
    return ""


def run(session: Session, rest: list[str]) -> int:
    """Run the first of what osquery's shell looks for: table switches, pack, query, file, argument, input."""
    flags = session.flags
    if flags.number("profile") > 0:
        from leadline.shell.profile import profile

        return profile(session, rest)
    if flags.on("L"):
        return command(session, ".tables")
    if table := flags.text("A"):
        return command(session, f".all {table}")
    if name := flags.text("pack"):
        from leadline.shell.packs import run_pack

        return run_pack(session, name)
    if query := flags.text("query"):
        return session.run(query)
    if path := flags.text("query_file"):
        return run_file(session, path)
    if rest:
        text = rest[0]
        return command(session, text) if text.startswith(".") else session.run(text)
    return unended(lambda: follow_input(session))


def follow_input(session: Session) -> int:
    """Take statements and commands from standard input."""
    if session.interactive:
        from leadline.shell.interactive import interact

        return interact(session)
    from leadline.shell import script

    try:
        os.fstat(0)
    except OSError:  # standard input is closed
        return 0
    with open(0, "rb", closefd=False) as lines:
        return script.run(session, lines)


def command(session: Session, line: str) -> int:
    """Run one meta command and nothing else."""
    from leadline.shell import meta

    code = unended(lambda: meta.run(session, line))
    return 0 if code == meta.QUIT and line.startswith((".e", ".q")) else code


def unended(action: Callable[[], int]) -> int:
    """The exit code of an action, which ``.exit N`` may end."""
    from leadline.shell.meta import Exit

    try:
        return action()
    except Exit as exit:
        return exit.code


def run_file(session: Session, path: str) -> int:
    """Run the statements of a file."""
    try:
        with open(path, "rb") as stream:
            data = stream.read()
    except OSError:
        session.error(f"Error reading query file '{path}': Cannot open file for reading: {path}")
        return 1
    return session.run(data.decode("utf-8", "replace"))
