"""Numbers for Prometheus. The hot path adds to plain integers; the exposition reads them when asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric


class Counters:
    """What happened since the start."""

    __slots__ = ("config", "distributed_read", "distributed_write", "enroll", "invalid_keys", "lines", "log", "refused")

    def __init__(self) -> None:
        self.enroll = 0
        self.config = 0
        self.distributed_read = 0
        self.distributed_write = 0
        self.log = 0
        self.lines = 0
        self.invalid_keys = 0
        self.refused = 0


class FleetCollector:
    """Turns counters and gauges into metric families."""

    def __init__(self, counters: Counters, gauges: Callable[[], dict[str, tuple[str, float]]]) -> None:
        self._counters = counters
        self._gauges = gauges

    def collect(self) -> Iterable[Metric]:
        """The families."""
        requests = CounterMetricFamily(
            "leadline_checkins", "Requests of agents that were answered.", labels=["endpoint"]
        )
        for endpoint in ("enroll", "config", "distributed_read", "distributed_write", "log"):
            requests.add_metric([endpoint], getattr(self._counters, endpoint))
        yield requests
        yield CounterMetricFamily(
            "leadline_checkins_refused", "Requests of agents that were refused.", value=self._counters.refused
        )
        yield CounterMetricFamily(
            "leadline_invalid_node_keys", "Requests with a node key that nobody has.", value=self._counters.invalid_keys
        )
        yield CounterMetricFamily("leadline_log_lines", "Log lines taken from agents.", value=self._counters.lines)
        for name, (text, value) in self._gauges().items():
            yield GaugeMetricFamily(name, text, value=value)


def exposition(counters: Counters, gauges: Callable[[], dict[str, tuple[str, float]]]) -> Callable[[], bytes]:
    """A function that writes all metrics in Prometheus' text format."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    registry.register(FleetCollector(counters, gauges))
    return lambda: generate_latest(registry)
