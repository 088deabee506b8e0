"""Moves live queries on: silent hosts, expiry."""

from __future__ import annotations

from leadline.server.instance import Instance
from leadline.server.jobs.runner import Job


async def run(instance: Instance) -> None:
    """One look at every running live query."""
    instance.live.tick(instance.clock())


JOB = Job(name="live", seconds=1, run=run)
