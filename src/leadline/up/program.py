"""The command `leadline up`."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from typing import Any

from leadline.linux import identity
from leadline.up import processes
from leadline.up.client import Client
from leadline.up.errors import UpError
from leadline.up.processes import Child
from leadline.up.screen import Screen

LISTEN = "127.0.0.1:8412"
EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104  # typed by the user, never our default
ENROLL_SECONDS = 60
POLL_SECONDS = 0.05
ANSWER_SECONDS = 60
HELP = """\
usage: leadline up [--data DIR] [--listen HOST:PORT] [--exec SQL]

Start a Leadline server and an agent on this machine, enrolled and ready to use, and run until Ctrl-C.

options:
  --data DIR          where everything is kept (default: $XDG_DATA_HOME/leadline; with --exec a temporary directory)
  --listen HOST:PORT  where the server listens (default: 127.0.0.1:8412; with --exec a free port)
  --exec SQL          ask this machine through the server, print the rows as JSON on stdout, stop everything
  --help              this text

examples:
  leadline up
  leadline up --listen 0.0.0.0:8412 --data /var/lib/leadline
  leadline up --exec "SELECT name, pid FROM processes LIMIT 5"
"""


def main(argv: list[str], program: str) -> int:
    """Run the command. Exit codes: 0 well, 1 it could not start or the query failed, 2 the command line is wrong."""
    screen = Screen()
    options = parse(argv)
    if isinstance(options, str):
        print(f"{program}: {options}\n'{program} --help' lists the options", file=sys.stderr)
        return 2
    if options["help"]:
        print(HELP, end="")
        return 0
    try:
        with ExitStack() as stack:
            return up(screen, stack, options["data"], options["listen"], options["exec"])
    except UpError as error:
        screen.fail(str(error))
        return 1
    except KeyboardInterrupt:
        screen.clear()
        return 130


def parse(argv: list[str]) -> dict[str, Any] | str:
    """The options, or what is wrong with them."""
    options: dict[str, Any] = {"data": None, "listen": None, "exec": None, "help": False}
    words = list(argv)
    while words:
        name, given, value = words.pop(0).partition("=")
        if name in ("--help", "-h"):
            options["help"] = True
        elif name not in ("--data", "--listen", "--exec"):
            return f"unknown option '{name}'"
        elif not given and not words:
            return f"{name} needs a value"
        else:
            options[name[2:]] = value if given else words.pop(0)
    _, colon, port = (options["listen"] or LISTEN).rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65535:
        return f"--listen takes HOST:PORT, not '{options['listen']}'"
    return options


def default_data() -> str:
    """Where data is kept when nobody says: the XDG data directory."""
    base = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    return os.path.join(base, "leadline")


def up(screen: Screen, stack: ExitStack, data: str | None, listen: str | None, sql: str | None) -> int:
    """Start everything, then ask the one question or run until a signal. Raises UpError."""
    started = time.monotonic()
    if data is None and sql is not None:
        data = stack.enter_context(tempfile.TemporaryDirectory(prefix="leadline-", ignore_cleanup_errors=True))
    data = os.path.abspath(data or default_data())
    listen = listen or (LISTEN if sql is None else "127.0.0.1:0")
    host, _, port = listen.rpartition(":")
    host = host.strip("[]") or "127.0.0.1"
    stopped = catch_signals()
    stack.callback(os.close, processes.lock(data))
    processes.check_port(host, int(port))

    screen.step("Preparing the data directory")
    from leadline.server.errors import SetupError
    from leadline.server.setup import mint_token, prepare

    try:
        setup = prepare(data, names=() if host in EVERY_ADDRESS else (host,))
        token = mint_token(data)
    except SetupError as error:
        raise UpError(str(error)) from error

    screen.step("Starting the server")
    server, url = processes.start_server(data, listen)
    stack.callback(server.stop)

    screen.step("Enrolling this machine")
    client = Client(url, setup.ca, token)
    since = time.time() - 1
    agent = processes.start_agent(data, url.removeprefix("https://"), setup.enroll_secret)
    stack.callback(agent.stop)
    enrolled = wait_for_host(client, agent, stopped, since)
    if enrolled is None:
        return 0
    if sql is not None:
        return ask(screen, client, sql, enrolled["id"])
    screen.welcome(
        url=url,
        email=setup.email,
        password=setup.password,
        data=data,
        host=enrolled["display_name"] or enrolled["hostname"],
        seconds=time.monotonic() - started,
    )
    while not stopped.wait(0.5):
        for child in (server, agent):
            if child.process.poll() is not None:
                raise child.ended()
    screen.step("Stopping")
    stack.close()
    screen.clear()
    return 0


def catch_signals() -> threading.Event:
    """An event that SIGINT and SIGTERM set, so that a stop is orderly at every point."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    return stopped


def wait_for_host(client: Client, agent: Child, stopped: threading.Event, since: float) -> dict[str, Any] | None:
    """The host that this machine's agent enrolled; None when a signal came first. Raises UpError.

    Other hosts may know the server from last time, so it is told from them by the identity that its agent has.
    """
    identifier = identity.host_uuid("") or socket.gethostname()
    deadline = time.monotonic() + ENROLL_SECONDS
    while not stopped.wait(POLL_SECONDS):
        if (host := client.host(identifier, since)) is not None:
            return host
        if agent.process.poll() is not None:
            raise agent.ended()
        if time.monotonic() > deadline:
            raise UpError(f"this machine did not enroll within {ENROLL_SECONDS} s (see {agent.log})")
    return None


def ask(screen: Screen, client: Client, sql: str, host: int) -> int:
    """Send the SQL to the host, print its rows, and return the exit code."""
    screen.step("Asking")
    for event, data in client.answers(client.ask(sql, host), ANSWER_SECONDS):
        if event != "result":
            continue
        if data["error"]:
            raise UpError(f"the query failed: {data['error']}")
        screen.clear()
        rows = ",\n".join("  " + json.dumps(row, ensure_ascii=False) for row in data["rows"])
        print(f"[\n{rows}\n]" if rows else "[]")
        return 0
    raise UpError("the query ended without an answer from this machine")
