"""The meta commands: lines that start with a dot.

As in SQLite's shell a command may be shortened; the shortest forms are those of osquery.
"""

from __future__ import annotations

from leadline.shell.words import integer, switch, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from leadline.shell.session import Session

    Action = Callable[[Session, list[str]], int]

QUIT = 2
"""What a command returns to end the shell; 0 is success, 1 an error."""


class Exit(BaseException):
    """``.exit N``: the program ends at once with a code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def run(session: Session, line: str) -> int:
    """Run one line; 0, 1 or the SQL error's code after an error, QUIT to end. Raises Exit."""
    found = words(line)
    if not found:
        return 0
    word, arguments = found[0], found[1:]
    count = len(arguments)
    for name, shortest, fewest, most, action in COMMANDS:
        if len(word) >= shortest and name.startswith(word) and fewest <= count <= (count if most is None else most):
            if name in RAW:
                arguments = [line.partition(word)[2].strip()]
            return action(session, arguments)
    session.error(f'Error: unknown command or invalid arguments:  "{word}". Enter ".help" for help')
    return 1


def on(session: Session, word: str) -> bool:
    """The word as a switch; what is none counts as off, with a message."""
    value = switch(word)
    if value is None:
        session.error(f'ERROR: Not a boolean value: "{word}". Assuming "no".')
    return bool(value)


def select_all(session: Session, arguments: list[str]) -> int:
    error = session.execute(f"SELECT * FROM {arguments[0]}")  # noqa: S608 - the user's own words
    if error is None:
        return 0
    session.error(f"Error querying table: {arguments[0]}")
    return error.code or 1


def bail(session: Session, arguments: list[str]) -> int:
    session.settings.bail = on(session, arguments[0])
    return 0


def connect(session: Session, arguments: list[str]) -> int:
    from leadline.extensions.errors import ExtensionError
    from leadline.shell.extensions import attach

    if session.remote is not None:
        session.error("Error: Please disconnect from the current socket")
        return 1
    try:
        session.remote = attach(arguments[0])
    except ExtensionError as error:
        session.error(f"Error: {error}")
        return 1
    session.stdout.write(f"Connected to extension socket {arguments[0]} for debugging\n")
    return 0


def disconnect(session: Session, _: list[str]) -> int:
    if session.remote is None:
        session.error("Error: Not connected to a socket")
        return 1
    session.stdout.write(f"Disconnected from extension socket {session.remote.path}\n")
    session.remote = None
    return 0


def echo(session: Session, arguments: list[str]) -> int:
    session.settings.echo = on(session, arguments[0])
    return 0


def leave(session: Session, arguments: list[str]) -> int:
    if arguments and (code := integer(arguments[0])):
        session.flush()
        raise Exit(code & 0xFF)
    return QUIT


def features(session: Session, _: list[str]) -> int:
    for name, type, _description, _default, value, _shell in session.flags.rows():
        if type == "bool" and name.startswith(("disable_", "enable_")):
            session.out.write(f"{name}: {value}\n")
    return 0


def headers(session: Session, arguments: list[str]) -> int:
    session.settings.header = on(session, arguments[0])
    return 0


def help(session: Session, _: list[str]) -> int:
    from leadline.shell.texts import COMMANDS as TEXT

    session.error(TEXT.rstrip("\n"))
    return 0


def mode(session: Session, arguments: list[str]) -> int:
    from leadline.shell.settings import MODES

    name = {"lines": "line", "columns": "column"}.get(arguments[0], arguments[0])
    if name not in MODES:
        session.error(f"Error: mode should be one of: {' '.join(MODES)}")
        return 1
    session.settings.mode = name
    if name == "csv":
        session.settings.separator = ","
    return 0


def null_value(session: Session, arguments: list[str]) -> int:
    from leadline.shell.settings import cut

    session.settings.null = cut(arguments[0])
    return 0


def plan(session: Session, arguments: list[str]) -> int:
    from leadline.shell.plan import print_plan
    from leadline.sql.errors import SQLError

    try:
        return print_plan(session, arguments[-1])
    except SQLError as error:
        session.error(f"Error: {error.message}")
        return error.code or 1


def print_words(session: Session, arguments: list[str]) -> int:
    session.out.write(" ".join(arguments) + "\n")
    return 0


def schema(session: Session, arguments: list[str]) -> int:
    from leadline.shell.schema import statements

    prefix = arguments[0] if arguments else ""
    found = statements(session.flags, prefix, session.extensions)
    session.stdout.write_all(f"{statement}\n" for statement in found)
    return 0


def separator(session: Session, arguments: list[str]) -> int:
    from leadline.shell.settings import cut

    session.settings.separator = cut(arguments[0])
    return 0


def show(session: Session, _: list[str]) -> int:
    from leadline.shell.summary import summary

    session.stdout.write_all(summary(session))
    return 0


def socket(session: Session, _: list[str]) -> int:
    serving = session.extensions and session.extensions.manager
    path = serving.path if serving else session.flags.text("extensions_socket")
    connected = f" (connected to {session.remote.path})" if session.remote else ""
    session.out.write(f"{path}{connected}\n")
    return 0


def tables(session: Session, arguments: list[str]) -> int:
    from leadline.shell.opening import table_names
    from leadline.sql.errors import SQLError

    prefix = arguments[0] if arguments else ""
    if session.remote is None:
        names = table_names(session.flags, session.extensions)
    else:
        try:
            found = session.start("SELECT name FROM osquery_registry WHERE registry = 'table' ORDER BY name")
        except SQLError as error:
            session.error(f"Error: {error.message}")
            return error.code or 1
        names = [str(row[0]) for row in found]
    session.stdout.write_all(f"  => {name}\n" for name in names if name.startswith(prefix))
    return 0


def timeout(session: Session, arguments: list[str]) -> int:
    """SQLite's busy timeout, as in osquery: how long a statement waits for another connection's lock."""
    session.engine.connection.set_busy_timeout(max(0, min(integer(arguments[0]), 2**31 - 1)))
    return 0


def timer(session: Session, arguments: list[str]) -> int:
    session.settings.timer = on(session, arguments[0])
    return 0


def types(session: Session, arguments: list[str]) -> int:
    from leadline.shell.types import print_types

    return print_types(session, " ".join(arguments))


def version(session: Session, _: list[str]) -> int:
    from leadline.shell.summary import versions

    session.out.write(versions())
    return 0


def width(session: Session, arguments: list[str]) -> int:
    widths = session.settings.widths
    given = [integer(word) for word in arguments]
    widths[: len(given)] = given
    return 0


RAW = frozenset(("plan",))
"""Commands whose argument is the rest of the line as it is, quotes included."""

COMMANDS: tuple[tuple[str, int, int, int | None, Action], ...] = (
    # name, shortest form, fewest and most arguments
    ("all", 1, 1, 1, select_all),
    ("bail", 3, 1, 1, bail),
    ("connect", 1, 1, 1, connect),
    ("disconnect", 1, 0, 0, disconnect),
    ("echo", 1, 1, 1, echo),
    ("exit", 1, 0, None, leave),
    ("features", 1, 0, 0, features),
    ("headers", 1, 1, 1, headers),
    ("help", 1, 0, None, help),
    ("mode", 1, 1, 1, mode),
    ("nullvalue", 1, 1, 1, null_value),
    ("plan", 2, 1, None, plan),
    ("print", 3, 0, None, print_words),
    ("quit", 1, 0, 0, leave),
    ("schema", 1, 0, 1, schema),
    ("separator", 1, 1, 1, separator),
    ("show", 1, 0, 0, show),
    ("socket", 2, 0, 0, socket),
    ("summary", 1, 0, 0, show),
    ("tables", 2, 0, 1, tables),
    ("list", 2, 0, 1, tables),
    ("timeout", 5, 1, 1, timeout),
    ("timer", 5, 1, 1, timer),
    ("types", 2, 1, None, types),
    ("version", 1, 0, None, version),
    ("width", 1, 1, None, width),
)
"""In the order in which they are tried, which decides what a short form means."""
