"""``leadline server``: reads the command line, listens, runs until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import ssl
import sys

import click
import msgspec
import uvicorn
import uvloop

from leadline.server import setup
from leadline.server.app import Server, assemble
from leadline.server.checkin import shortcut
from leadline.server.errors import ServerError, SetupError
from leadline.server.logging import LEVELS, Logger, configure
from leadline.server.settings import Settings, address

BACKLOG = 4096
KEEP_ALIVE = 75
"""Seconds. Agents call every ten seconds or slower: a connection that stays saves them and us a TLS handshake."""
GRACE = 3
"""Seconds that open requests get when the server stops; held ones are answered at once."""

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared with, not listened on

LISTEN = "Where to listen; port 0 takes a free one."
DATABASE = "PostgreSQL to use, as postgresql://USER@HOST/NAME. Default: SQLite in the data directory."
LOG_LEVEL = "Least severity to log on standard error."


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("--data", required=True, metavar="DIR", help="Directory for certificates, database and logs.")
@click.option("--listen", default="127.0.0.1:8412", metavar="HOST:PORT", help=LISTEN, show_default=True)
@click.option("--database", default="", metavar="URL", help=DATABASE)
@click.option("--log-level", default="info", type=click.Choice(list(LEVELS)), help=LOG_LEVEL, show_default=True)
def command(data: str, listen: str, database: str, log_level: str) -> None:
    """Run the fleet server: agents enroll, people ask.

    Prints one JSON line on standard output when it is ready.
    """
    host, port = address(listen)
    settings = Settings(data=os.path.abspath(data), host=host, port=port, database=database)
    log = configure(log_level)
    ready = setup.prepare(settings.data, database=database, names=() if host in EVERYWHERE else (host,))
    if ready.password is not None:
        tell_password(ready, ready.password)
    sock = bind(host, port)
    uvloop.run(serve(settings, sock, ready, log))


def tell_password(ready: setup.Setup, password: str) -> None:
    """Show the administrator's password the only time that it is known.

    On a terminal to whoever sits there; a service's standard error ends up in a journal, so there it goes to a file.
    """
    if sys.stderr.isatty():
        click.echo(f"Administrator created: {ready.email}, password {password}", err=True)
        return
    path = os.path.join(ready.data, "administrator-password")
    with open(path, "w", opener=lambda name, flags: os.open(name, flags, 0o600), encoding="utf-8") as file:
        file.write(password + "\n")
    click.echo(f"Administrator created: {ready.email}; the password is in {path}, delete it once you know it", err=True)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. Raises SetupError with one sentence."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6 and host == "::":
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    try:
        sock.bind((host, port))
    except (OSError, OverflowError) as error:
        sock.close()
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise SetupError(f"cannot listen on {host}:{port}: {reason}") from error
    sock.listen(BACKLOG)
    return sock


def tls(ready: setup.Setup) -> ssl.SSLContext:
    """TLS 1.2 and newer: stock agents of the last years speak both."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(ready.certificate, ready.key)
    context.set_alpn_protocols(["http/1.1"])
    return context


class Listener(uvicorn.Server):
    """uvicorn's server, except that idle connections do not delay its end."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Closing TLS waits for the peer's answer, and an agent that sleeps until its next call sends none."""
        for connection in list(self.server_state.connections):
            cycle, transport = getattr(connection, "cycle", None), connection.transport
            if (cycle is None or cycle.response_complete) and not transport.get_write_buffer_size():
                transport.abort()
        await super().shutdown(sockets)


async def serve(settings: Settings, sock: socket.socket, ready: setup.Setup, log: Logger) -> None:
    """Run until SIGTERM or SIGINT."""
    server = await assemble(settings, log)
    name, port = sock.getsockname()[:2]
    shown = socket.gethostname() if name in EVERYWHERE else f"[{name}]" if ":" in name else name
    server.instance.base_url = f"https://{shown}:{port}"
    context = tls(ready)
    config = uvicorn.Config(
        server,
        loop="none",
        http=shortcut.protocol(server.instance),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
        backlog=BACKLOG,
        ssl_context_factory=lambda _config, _default: context,
    )
    http = Listener(config)
    stop_on_signals(http, server)
    await server.start()
    try:
        # uvicorn's own serve() raises the signal again at the end; here a signal is the normal way to stop.
        running = asyncio.create_task(http._serve([sock]))  # noqa: SLF001
        while not http.started and not running.done():  # noqa: ASYNC110 - uvicorn offers no event
            await asyncio.sleep(0.01)
        if http.started:
            announce(server.instance.base_url)
            log.info("listening", url=server.instance.base_url, data=settings.data)
        await running
    finally:
        await server.stop()
        log.info("stopped")


def stop_on_signals(http: uvicorn.Server, server: Server) -> None:
    """SIGTERM and SIGINT end the server in order; a second one does not wait for open requests."""

    def stop() -> None:
        http.force_exit = http.should_exit
        http.should_exit = True
        server.stopping()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)


def announce(url: str) -> None:
    """Tell whoever started the server that it is ready."""
    sys.stdout.write(msgspec.json.encode({"event": "listening", "url": url}).decode() + "\n")
    sys.stdout.flush()


def main(argv: list[str], program: str) -> int:
    """Run with these arguments; return the exit code."""
    try:
        command.main(argv, prog_name=program, standalone_mode=False)
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 130
    except ServerError as error:
        sys.stderr.write(f"{program}: {error}\n")
        return 1
    return 0
