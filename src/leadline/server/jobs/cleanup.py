"""Forgets what has had its time: sessions that ended, live queries past their retention."""

from __future__ import annotations

from leadline.server.instance import Instance
from leadline.server.jobs.runner import Job
from leadline.server.store import live, sessions


async def run(instance: Instance) -> None:
    """Delete, and say how much."""
    now = instance.clock()
    async with instance.database.write() as connection:
        ended = await sessions.drop_ended(connection, now)
        old = await live.drop_before(connection, now - instance.settings.limits.live_retention * 1000)
    if ended or old:
        instance.log.info("forgot what had its time", sessions=ended, live_queries=old)


JOB = Job(name="cleanup", seconds=3600, run=run)
