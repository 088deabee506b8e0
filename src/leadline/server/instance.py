"""The parts of one running server, handed to whoever serves requests."""

from __future__ import annotations

from dataclasses import dataclass

from leadline.server.checkin.registry import Registry
from leadline.server.clock import Clock
from leadline.server.domain.agent_options import Rendered
from leadline.server.live.queries import LiveQueries
from leadline.server.logging import Logger
from leadline.server.logs.protocol import Destination
from leadline.server.metrics import Counters
from leadline.server.settings import Settings
from leadline.server.store.database import Database


@dataclass(slots=True, kw_only=True)
class Instance:
    """``results`` and ``statuses`` take agents' log lines; ``configuration`` is what agents get."""

    settings: Settings
    database: Database
    registry: Registry
    live: LiveQueries
    results: Destination
    statuses: Destination
    configuration: Rendered
    counters: Counters
    clock: Clock
    log: Logger
    base_url: str = ""
    stopping: bool = False
