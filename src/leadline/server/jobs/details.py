"""Writes what hosts' details told anew."""

from __future__ import annotations

from leadline.server.instance import Instance
from leadline.server.jobs.runner import Job
from leadline.server.store import hosts

BATCH = 500


async def run(instance: Instance) -> None:
    """In transactions of at most 500 hosts, so that other writers get their turn."""
    changes = sorted(instance.registry.take_changes().items())
    for start in range(0, len(changes), BATCH):
        try:
            async with instance.database.write() as connection:
                for host_id, values in changes[start : start + BATCH]:
                    await hosts.save(connection, host_id, values)
        except BaseException:
            for host_id, values in changes[start:]:
                newer = instance.registry.changes.get(host_id, {})
                instance.registry.changes[host_id] = {**values, **newer}
            raise


JOB = Job(name="details", seconds=1, run=run, last=True)
