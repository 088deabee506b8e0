"""Requests per CPU-second of the server for an idle distributed/read, over TLS with keep-alive.

    python bench/checkin.py [--seconds 5] [--connections 32] [--hosts 200]

Starts a server of its own in a temporary directory, enrolls hosts, lets every connection ask again as soon as it is
answered, and divides the answers by the CPU time that the server process used meanwhile (user and system, from
/proc/PID/stat). The load comes from this process, so machines with two cores or more are measured best.

The server recognises a request that repeats the one before on its connection, so how requests are sent matters:
"repeated" sends the same bytes in one write, its best case; "two writes" sends head and body apart; "changing" never
sends the same bytes twice in a row. "bare" is an empty ASGI application behind uvicorn, which has no such shortcut and
is asked in one write.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from typing import cast

import uvloop

from leadline.server import setup

TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def post(url: str, context: ssl.SSLContext, path: str, body: dict[str, object]) -> dict[str, str]:
    """One request of an agent."""
    request = urllib.request.Request(
        f"{url}/api/osquery/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, context=context) as reply:
        answer: dict[str, str] = json.load(reply)
    return answer


def enroll(url: str, context: ssl.SSLContext, secret: str, count: int) -> list[str]:
    """Node keys of hosts that have told their details, so that nothing is left to ask."""
    keys = []
    for number in range(count):
        body: dict[str, object] = {"enroll_secret": secret, "host_identifier": f"bench-{number}"}
        key = post(url, context, "enroll", body)["node_key"]
        details = {"fleet_detail_query_system_info": [{"hostname": f"bench-{number}", "uuid": f"{number}"}],
                   "fleet_detail_query_os_version": [{"platform": "debian", "name": "Debian"}]}  # fmt: skip
        post(url, context, "distributed/write", {"node_key": key, "queries": details})
        keys.append(key)
    return keys


class Agent(asyncio.Protocol):
    """A connection that asks again and again, with the headers of osquery."""

    def __init__(self, host: str, key: str, until: float, counts: list[int], sending: str) -> None:
        self.body = json.dumps({"node_key": key}, separators=(",", ":")).encode()
        self.heads = [
            (
                f"POST /api/osquery/distributed/read HTTP/1.1\r\nHost: {host}\r\nAccept: application/json\r\n"
                f"Content-Type: application/json\r\nUser-Agent: osquery/5.23.{number}\r\n"
                f"Authorization: NodeKey {key}\r\nContent-Length: {len(self.body)}\r\n\r\n"
            ).encode()
            for number in range(2)
        ]
        self.sending = sending
        self.until = until
        self.counts = counts
        self.buffer = b""
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's are no subclasses
        self.ask()

    def ask(self) -> None:
        """Send one request."""
        if self.sending == "two writes":
            self.transport.write(self.heads[0])
            asyncio.get_running_loop().call_soon(self.transport.write, self.body)
            return
        if self.sending == "changing":
            self.heads.reverse()
        self.transport.write(self.heads[0] + self.body)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.buffer.endswith(b'"discovery":{}}'):
            return
        if not self.buffer.startswith(b"HTTP/1.1 200"):
            self.done.set_exception(RuntimeError(self.buffer.decode()))
            return
        self.buffer = b""
        self.counts[0] += 1
        if time.monotonic() < self.until:
            self.ask()
        elif not self.done.done():
            self.done.set_result(None)
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the server closed the connection"))


async def load(
    url: str, context: ssl.SSLContext, keys: list[str], connections: int, seconds: float, sending: str
) -> int:
    """Ask for so long over so many connections; return how many answers came."""
    loop = asyncio.get_running_loop()
    host, port = url.removeprefix("https://").split(":")
    counts = [0]
    until = time.monotonic() + seconds
    agents = []
    for number in range(connections):
        key = keys[number % len(keys)]
        _, agent = await loop.create_connection(
            lambda key=key: Agent(host, key, until, counts, sending), host, int(port), ssl=context
        )
        agents.append(agent)
    await asyncio.gather(*(agent.done for agent in agents))
    return counts[0]


BARE = """
import ssl, sys, uvicorn, uvloop
BODY = b'{"queries":{},"discovery":{}}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"29")]
async def app(scope, receive, send):
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})
class Server(uvicorn.Server):
    async def startup(self, sockets=None):
        await super().startup(sockets)
        port = self.servers[0].sockets[0].getsockname()[1]
        print('{"url":"https://127.0.0.1:%d"}' % port, flush=True)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
config = uvicorn.Config(app, port=0, loop="none", http="httptools", ws="none", lifespan="off", log_config=None,
                        access_log=False, server_header=False, proxy_headers=False, timeout_keep_alive=75,
                        ssl_context_factory=lambda *_: context)
uvloop.run(Server(config).serve())
"""


def measure(
    command: list[str], context: ssl.SSLContext, secret: str, options: argparse.Namespace, sending: str
) -> tuple[int, float, float]:
    """Answers, CPU seconds and wall seconds of one server; without ``secret`` no host is enrolled."""
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        try:
            assert server.stdout is not None
            url = json.loads(server.stdout.readline())["url"]
            keys = enroll(url, context, secret, options.hosts) if secret else ["k" * 32]
            uvloop.run(load(url, context, keys, options.connections, 1, sending))  # warm up
            before, at = cpu_seconds(server.pid), time.monotonic()
            answers = uvloop.run(load(url, context, keys, options.connections, options.seconds, sending))
            return answers, cpu_seconds(server.pid) - before, time.monotonic() - at
        finally:
            server.terminate()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--hosts", type=int, default=200)
    options = parser.parse_args()
    rates = []
    with tempfile.TemporaryDirectory() as data:
        ready = setup.prepare(data)
        context = ssl.create_default_context(cafile=ready.ca)
        ours = [
            sys.executable,
            "-m",
            "leadline",
            "server",
            "--data",
            data,
            "--listen",
            "127.0.0.1:0",
            "--log-level=error",
        ]
        bare = [sys.executable, "-c", BARE, ready.certificate, ready.key]
        cases = [("bare", bare, "", "repeated")]
        cases += [(sending, ours, ready.enroll_secret, sending) for sending in ("repeated", "two writes", "changing")]
        for name, command, secret, sending in cases:
            answers, cpu, wall = measure(command, context, secret, options, sending)
            rates.append(answers / cpu)
            print(
                f"{name:10} {answers / cpu:8,.0f} requests per CPU-second, {cpu / answers * 1e6:5.1f} µs each, "
                f"{rates[-1] / rates[0]:.2f} of bare ({answers:,} answers in {wall:.1f} s, server CPU {cpu:.2f} s)"
            )


if __name__ == "__main__":
    main()
