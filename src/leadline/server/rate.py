"""A limit on how often something may happen, by key: token buckets in memory."""

from __future__ import annotations

import math

KEYS = 10_000


class Buckets:
    """``burst`` tokens for each key, refilled at ``per_minute``. Times in milliseconds.

    Holds at most 10,000 keys: the fullest (least guilty) are dropped first.
    """

    def __init__(self, *, per_minute: float, burst: int) -> None:
        self._per_ms = per_minute / 60_000
        self._burst = burst
        self._buckets: dict[str, tuple[float, int]] = {}

    def wait(self, key: str, now: int) -> int:
        """Seconds until the key has a token again; 0 when it has one."""
        level = self._level(key, now)
        return 0 if level >= 1 else math.ceil((1 - level) / self._per_ms / 1000)

    def take(self, key: str, now: int) -> None:
        """Use up a token."""
        level = self._level(key, now)
        if len(self._buckets) >= KEYS and key not in self._buckets:
            for other in sorted(self._buckets, key=lambda held: -self._level(held, now))[: KEYS // 10]:
                del self._buckets[other]
        self._buckets[key] = (max(0.0, level - 1), now)

    def _level(self, key: str, now: int) -> float:
        level, at = self._buckets.get(key, (float(self._burst), now))
        return min(float(self._burst), level + (now - at) * self._per_ms)
