"""The whole server as one ASGI application: agents first, then the API, health, metrics, the web interface."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence

from sqlalchemy import text

from leadline.server import metrics
from leadline.server.asgi import App, Header, Receive, Scope, Send, answer, header
from leadline.server.checkin.app import PATHS, check_in
from leadline.server.checkin.registry import Registry
from leadline.server.clock import now
from leadline.server.domain import agent_options, sessions
from leadline.server.errors import UnavailableError
from leadline.server.instance import Instance
from leadline.server.jobs import cleanup, details, live, seen
from leadline.server.jobs.runner import Job, finish, run_all
from leadline.server.live.memory import MemorySignals
from leadline.server.live.queries import LiveQueries
from leadline.server.logging import Logger
from leadline.server.logs.file import FileDestination
from leadline.server.metrics import Counters
from leadline.server.rest.app import build
from leadline.server.settings import Settings
from leadline.server.store import hosts, migrations
from leadline.server.store.database import connect
from leadline.server.ui.serve import Static

VERSIONS = re.compile(r"/api/(?:v1|2022-04)/(?=fleet/|leadline/)")
OPENAPI = "/api/openapi/openapi.json"
LOOPBACK = ("127.0.0.1", "::1")
HEALTH_SECONDS = 5
JOBS: Sequence[Job] = (seen.JOB, details.JOB, live.JOB, cleanup.JOB)


class Server:
    """Owns the parts: ``start``, serve as an ASGI application, ``stopping`` when it is to end, ``stop``."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self._rest: App = build(instance)  # type: ignore[assignment]
        self._static = Static()
        self._metrics = metrics.exposition(instance.counters, self._gauges)
        self._jobs: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return
        path: str = scope["path"]
        endpoint = PATHS.get(path)
        if endpoint is not None:
            await check_in(self.instance, endpoint, scope, receive, send)
        elif path.startswith("/api/"):
            scope["path"] = OPENAPI if path == "/api/openapi.json" else VERSIONS.sub("/api/latest/", path, count=1)
            scope["raw_path"] = scope["path"].encode()
            await self._rest(scope, receive, send)
        elif path == "/healthz":
            await self._health(send)
        elif path == "/metrics":
            await self._expose(scope, send)
        else:
            await self._static.serve(scope, send)

    async def start(self) -> None:
        """Load the registry and live queries, start the jobs."""
        async with self.instance.database.read() as connection:
            for row in await hosts.load(connection):
                self.instance.registry.add(row)
        await self.instance.live.start()
        self._jobs = asyncio.create_task(run_all(list(JOBS), self.instance), name="jobs")

    def stopping(self) -> None:
        """Let go of requests that are held open, so that the server can end."""
        self.instance.stopping = True
        self.instance.live.signals.close()
        self.instance.registry.wake(list(self.instance.registry.by_id))

    async def stop(self) -> None:
        """Write what is waiting and close everything."""
        instance = self.instance
        if self._jobs is not None:
            self._jobs.cancel()
            await asyncio.gather(self._jobs, return_exceptions=True)
        await finish(list(JOBS), instance)
        await instance.live.stop()
        await instance.results.close()
        await instance.statuses.close()
        await instance.database.close()

    def _gauges(self) -> dict[str, tuple[str, float]]:
        at = self.instance.clock()
        records = self.instance.registry.by_id.values()
        return {
            "leadline_hosts": ("Enrolled hosts.", len(self.instance.registry.by_id)),
            "leadline_hosts_online": ("Hosts that count as online.", sum(record.is_online(at) for record in records)),
            "leadline_reads_held": ("Distributed reads held open.", sum(r.waiter is not None for r in records)),
            "leadline_live_queries": ("Live queries that run.", self.instance.live.running),
        }

    async def _health(self, send: Send) -> None:
        try:
            async with asyncio.timeout(HEALTH_SECONDS), self.instance.database.read() as connection:
                await connection.execute(text("SELECT 1"))
        except (UnavailableError, TimeoutError) as error:
            self.instance.log.error("unhealthy", reason=str(error))
            await answer(send, 500, b'{"status":"database"}')
            return
        await answer(send, 200, b'{"status":"ok"}')

    async def _expose(self, scope: Scope, send: Send) -> None:
        """Metrics name no host, but they count: programs on this machine may read them, others bring a token."""
        client = scope["client"][0] if scope.get("client") else ""
        if client not in LOOPBACK:
            scheme, _, token = header(scope, b"authorization").decode("latin-1").partition(" ")
            async with self.instance.database.read() as connection:
                known = scheme.lower() == "bearer" and await sessions.find(connection, token.strip(), now())
            if not known:
                await answer(send, 401, b"", [(b"www-authenticate", b"Bearer")])
                return
        plain: list[Header] = [(b"content-type", b"text/plain; version=0.0.4; charset=utf-8")]
        await answer(send, 200, await asyncio.to_thread(self._metrics), plain)


async def assemble(settings: Settings, log: Logger) -> Server:
    """Connect, migrate and put the parts together."""
    database = connect(settings.database_url)
    if await migrations.migrate(database):
        log.info("database migrated", revision=migrations.HEAD)
    registry = Registry(settings.limits.detail_interval)
    instance = Instance(
        settings=settings,
        database=database,
        registry=registry,
        live=LiveQueries(database, registry, MemorySignals(), settings.limits, now, log),
        results=FileDestination(settings.path("logs", "osqueryd.results.log")),
        statuses=FileDestination(settings.path("logs", "osqueryd.status.log")),
        configuration=agent_options.render(agent_options.DEFAULT),
        counters=Counters(),
        clock=now,
        log=log,
    )
    return Server(instance)
