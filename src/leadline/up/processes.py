"""The server and the agent as child processes of `up`."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial

from leadline.up.errors import UpError

LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1
START_SECONDS = 60
STOP_SECONDS = 20

AGENT_FLAGS = """\
--tls_hostname={address}
--tls_server_certs={data}/ca.pem
--enroll_secret_path={data}/agent/enroll_secret
--enroll_tls_endpoint=/api/osquery/enroll
--config_plugin=tls
--config_tls_endpoint=/api/osquery/config
--config_refresh=60
--logger_plugin=tls
--logger_tls_endpoint=/api/osquery/log
--disable_distributed=false
--distributed_plugin=tls
--distributed_tls_read_endpoint=/api/osquery/distributed/read
--distributed_tls_write_endpoint=/api/osquery/distributed/write
--host_identifier=uuid
--database_path={data}/agent/database
--logger_path={data}/agent
--pidfile={data}/agent/agent.pid
--extensions_socket={data}/agent/agent.em
"""


def lock(data: str) -> int:
    """Hold the data directory for this process; the descriptor keeps the lock.

    Raises UpError when another `up` holds it or the directory cannot be written.
    """
    try:
        os.makedirs(data, mode=0o700, exist_ok=True)
        held = os.open(os.path.join(data, "up.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        message = f"the data directory {data} cannot be used: {error.strerror}; choose another one with --data"
        raise UpError(message) from error
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = os.read(held, 20).decode(errors="replace").strip()
        raise UpError(f"leadline is already up on {data} (process {holder}); stop it first") from error
    os.ftruncate(held, 0)
    os.write(held, f"{os.getpid()}\n".encode())
    return held


def check_port(host: str, port: int) -> None:
    """Raise UpError when the address cannot be listened on."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            message = f"port {port} on {host} is in use; choose another one with --listen {host}:PORT"
        else:
            message = f"cannot listen on {host}:{port}: {error.strerror or error}; see --listen"
        raise UpError(message) from error


class Child:
    """A child process whose diagnostics go to a file in the data directory."""

    def __init__(self, name: str, arguments: Sequence[str], log: str, *, piped: bool = False) -> None:
        self.name = name
        self.log = log
        with open(log, "ab", opener=private) as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "leadline", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if piped else output,
                stderr=output,
                start_new_session=True,  # Ctrl-C is for `up`, which then stops its children in order
                preexec_fn=partial(end_with_parent, os.getpid()),
            )

    def ended(self) -> UpError:
        """The error that tells of an end nobody asked for."""
        code = self.process.poll()
        return UpError(f"the {self.name} ended with exit code {code}: {last_line(self.log)} (see {self.log})")

    def stop(self) -> None:
        """Ask the process to end, and kill it when it does not."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


def end_with_parent(parent: int) -> None:
    """In a new child: let the kernel send SIGTERM when `up` ends in whatever way, kill -9 included (prctl(2))."""
    if sys.platform != "linux":
        return
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it ended before the call
        os.kill(os.getpid(), signal.SIGTERM)


def private(path: str, flags: int) -> int:
    """Open a file that only its owner may read."""
    return os.open(path, flags, 0o600)


def last_line(path: str) -> str:
    """The last line of a log, for a message."""
    with open(path, "rb") as log:
        log.seek(0, os.SEEK_END)
        log.seek(max(0, log.tell() - 4096))
        lines = log.read().decode(errors="replace").splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")


def start_server(data: str, listen: str) -> tuple[Child, str]:
    """Start the server and wait until it listens; the process and its URL. Raises UpError."""
    arguments = ["server", "--data", data, "--listen", listen]
    child = Child("server", arguments, os.path.join(data, "logs", "server.log"), piped=True)
    stdout = child.process.stdout
    assert stdout is not None
    import select

    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        ready, _, _ = select.select([stdout], [], [], 0.5)
        if not ready:
            continue
        line = stdout.readline()
        if not line:
            child.process.wait(STOP_SECONDS)
            raise child.ended()
        told = json.loads(line)
        if told.get("event") == "listening":
            return child, told["url"]
    child.stop()
    raise UpError(f"the server did not listen within {START_SECONDS} s (see {child.log})")


def start_agent(data: str, address: str, secret: str) -> Child:
    """Write the agent's flag file and secret and start it."""
    directory = os.path.join(data, "agent")
    os.makedirs(directory, mode=0o700, exist_ok=True)
    with open(os.path.join(directory, "enroll_secret"), "w", opener=private) as file:
        file.write(secret + "\n")
    flags = os.path.join(directory, "flags")
    with open(flags, "w", opener=private) as file:
        file.write(AGENT_FLAGS.format(address=address, data=data))
    return Child("agent", ["agent", "--flagfile", flags], os.path.join(data, "logs", "agent.log"))
