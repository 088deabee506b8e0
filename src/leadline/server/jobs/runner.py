"""Runs jobs at their intervals until the server stops."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from msgspec import Struct

from leadline.server.errors import UnavailableError
from leadline.server.instance import Instance


class Job(Struct, frozen=True, kw_only=True):
    """``run`` every ``seconds``; ``last`` jobs also run once when the server stops."""

    name: str
    seconds: float
    run: Callable[[Instance], Awaitable[None]]
    last: bool = False


async def run_all(jobs: list[Job], instance: Instance) -> None:
    """Run until cancelled."""
    await asyncio.gather(*(_repeat(job, instance) for job in jobs))


async def finish(jobs: list[Job], instance: Instance) -> None:
    """Run the jobs that have something to write one last time."""
    for job in jobs:
        if job.last:
            await run_once(job, instance)


async def run_once(job: Job, instance: Instance) -> None:
    """Run a job; what goes wrong is logged with its name, and the job comes again."""
    try:
        await job.run(instance)
    except UnavailableError as error:
        instance.log.warning("a job could not run", job=job.name, reason=str(error))
    except Exception:
        instance.log.exception("a job failed", job=job.name)


async def _repeat(job: Job, instance: Instance) -> None:
    while True:
        await asyncio.sleep(job.seconds)
        await run_once(job, instance)
