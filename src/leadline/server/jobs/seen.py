"""Writes when hosts were last seen."""

from __future__ import annotations

from leadline.server.instance import Instance
from leadline.server.jobs.runner import Job
from leadline.server.store import hosts


async def run(instance: Instance) -> None:
    """One statement for all hosts seen since the last run."""
    seen = instance.registry.take_seen(instance.clock())
    if not seen:
        return
    try:
        async with instance.database.write() as connection:
            await hosts.save_seen(connection, seen)
    except BaseException:
        by_id = instance.registry.by_id
        instance.registry.seen.update(by_id[host_id] for host_id, _ in seen if host_id in by_id)
        raise


JOB = Job(name="seen", seconds=5, run=run, last=True)
