"""Extensions of the shell: its own socket, programs it loads, tables from files, and other programs' sockets.

None of this is imported before it is asked for.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from time import monotonic

from leadline.extensions.calls import Peer
from leadline.extensions.children import Children
from leadline.extensions.errors import ExtensionError, RefusedError
from leadline.extensions.loading import arguments, load_files, own
from leadline.extensions.manager import Manager, seconds
from leadline.extensions.sockets import answered
from leadline.flags import Flags
from leadline.shell import status
from leadline.shell.opening import open_engine
from leadline.sql.engine import Attachments
from leadline.sql.errors import SQLError
from leadline.sql.schema import Row

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.shell.session import Session

FLAGS = ("extension", "extensions_socket", "extensions_autoload", "extensions_require")
"""Whoever gives one of these asks for extensions."""

CONNECT = 2.0
"""Seconds for the other side to answer a first ping."""


def asked(flags: Flags) -> bool:
    """Whether the shell shall serve a socket."""
    if flags.given("disable_extensions"):
        return not flags.on("disable_extensions")
    return any(flags.given(name) and flags.text(name) for name in FLAGS)


def attach(path: str) -> Peer:
    """The other program at a socket. Raises ExtensionError when nobody answers there."""
    peer = Peer(path)
    peer.ping(CONNECT)
    return peer


class Remote:
    """The rows of one statement that another program runs. Its cells are text, and NULL is the empty text."""

    def __init__(self, peer: Peer, sql: str, session: Session) -> None:
        """Raises SQLError."""
        try:
            found = peer.columns(sql)
            self.rows = peer.query(sql, cancelled=lambda: session.interrupted)
        except RefusedError as error:
            raise SQLError(str(error)) from error
        except ExtensionError as error:
            raise SQLError(f"Extension call failed: {error}") from error
        self.columns = tuple(name for name, _ in found)
        self.types = tuple(kind for _, kind in found)

    def __iter__(self) -> Iterator[Row]:
        for row in self.rows:
            yield tuple(row.get(name) for name in self.columns)

    def close(self) -> None:
        """Everything has been read."""


class Extensions:
    """What the shell holds: a manager when extensions are asked for, and the tables of extensions and files."""

    def __init__(self, flags: Flags) -> None:
        self.flags = flags
        self.attachments = Attachments()
        self.manager: Manager | None = None
        self.children = Children()

    def start(self) -> None:
        """Load what the flags ask for. Raises ExtensionError with a sentence."""
        logging.getLogger("leadline").addHandler(Lines(self.flags))
        load_files(self.flags, self.attachments, self.warn)
        if asked(self.flags):
            self.serve()

    def warn(self, sentence: str) -> None:
        """Show a warning, where warnings are shown."""
        if status.least(self.flags) <= status.WARNING:
            status.put(status.WARNING, sentence, "extensions.py:0")

    def serve(self) -> None:
        """Serve a socket and start programs."""
        flags = self.flags
        path = flags.text("extensions_socket") if flags.given("extensions_socket") else own_socket()
        self.manager = Manager(path, flags, self.attachments, lambda: open_engine(flags, self), own)
        self.manager.start()
        program = flags.text("extension")
        if program:
            self.load(os.path.abspath(program), path)
        if flags.given("extensions_autoload"):
            self.autoload(path)
        required = [name.strip() for name in flags.text("extensions_require").split(",") if name.strip()]
        missing = self.manager.missing(required)
        if missing:
            raise ExtensionError(f"Required extension not found or not loaded: {', '.join(missing)}")

    def autoload(self, path: str) -> None:
        """Start the programs of the list."""
        from leadline.extensions import autoload

        for finding in autoload.findings(self.flags.text("extensions_autoload"), unsafe=self.flags.on("allow_unsafe")):
            if finding.problem:
                status.put(
                    status.WARNING,
                    f"Will not autoload the extension {finding.path}: {finding.problem}",
                    "extensions.py",
                )
            else:
                self.children.start(finding.path, arguments(self.flags, path))

    def load(self, program: str, path: str) -> None:
        """Start one program and wait until it has registered. Raises ExtensionError."""
        assert self.manager is not None
        if not os.path.isfile(program) or not os.access(program, os.X_OK):
            raise ExtensionError(f"Cannot load the extension {program}: it is no program that can be executed")
        once = False

        def check() -> str:
            nonlocal once
            once, ended = True, once
            return "it has ended" if ended else ""

        self.children.start(program, arguments(self.flags, path), check)
        child = self.children.children[-1]
        timeout = seconds(self.flags.text("extensions_timeout"), 3.0)
        end = monotonic() + timeout
        registry = self.manager.registry
        while not registry.wait(registry.all, 0.2, lambda: False):
            if not child.is_alive():
                raise ExtensionError(f"Cannot load the extension {program}: it ended without registering")
            if monotonic() > end:
                raise ExtensionError(f"The extension {program} did not register within {timeout:g} s")

    def stop(self) -> None:
        """End what was started."""
        for child in self.children.children:
            child.ending.set()
        if self.manager is not None:
            self.manager.stop()
        self.children.stop()


def own_socket() -> str:
    """A socket in the shell's directory; another shell's keeps its name."""
    path = os.path.join(os.path.expanduser("~"), ".osquery", "shell.em")
    return f"{path}{os.getpid()}" if os.path.exists(path) and answered(path) else path


class Lines(logging.Handler):
    """Messages of the extensions as status lines."""

    def __init__(self, flags: Flags) -> None:
        super().__init__()
        self.flags = flags

    def emit(self, record: logging.LogRecord) -> None:
        """Called by logging."""
        severity = status.INFO if record.levelno < logging.WARNING else status.WARNING
        severity = status.ERROR if record.levelno >= logging.ERROR else severity
        if severity >= status.least(self.flags):
            status.put(severity, record.getMessage(), f"{record.filename}:{record.lineno}")
