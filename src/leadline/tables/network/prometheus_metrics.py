"""The prometheus_metrics table."""

from __future__ import annotations

from leadline.sql.schema import BIGINT, DOUBLE, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.osquery import runtime

_AGENT = "osquery"
_SECONDS = 1
_LONGEST = 3600  # seconds that a configuration may ask to wait
_LARGEST = 64 << 20  # bytes of an answer
_MOST_TARGETS = 1000


@table(
    "prometheus_metrics",
    Column("target_name", TEXT, "Address that the metric was got from."),
    Column("metric_name", TEXT, "Name of the metric, with its labels."),
    Column("metric_value", DOUBLE, "Its value; NULL when it is no number."),
    Column("timestamp_ms", BIGINT, "When it had that value, in milliseconds since 1970."),
    platforms=LINUX,
    live=True,
    asks="over the network of the running system",
    examples=["SELECT metric_name, metric_value FROM prometheus_metrics WHERE metric_name LIKE 'process_%'"],
    notes=(
        "Gets the addresses of `prometheus_targets` in the configuration, `{\"urls\": [...], \"timeout\": 1}` with the"
        " timeout in seconds; empty without it. A sample's own time is shown where the target gives one, else when it"
        " was got."
    ),
)  # fmt: skip
def prometheus_metrics(query: Query) -> Rows:
    """Metrics that services offer to Prometheus, got from the targets in the configuration."""
    section = runtime.section(query, "prometheus_targets")
    if not isinstance(section, dict):
        return
    urls, seconds = section.get("urls"), section.get("timeout", _SECONDS)
    if not isinstance(urls, list):
        query.warn("prometheus_targets in the configuration has no list of urls")
        return
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 < seconds <= _LONGEST:
        query.warn(f"prometheus_targets in the configuration has a timeout that is no number of seconds: {seconds!r}")
        seconds = _SECONDS
    for address in sorted({one for one in urls if isinstance(one, str)})[:_MOST_TARGETS]:
        yield from _scraped(query, address, seconds)


def _scraped(query: Query, address: str, seconds: float) -> Rows:
    from leadline.linux import exposition, web

    try:
        reply = web.get(address, _AGENT, seconds=seconds, limit=_LARGEST, cancelled=query.cancelled)
    except (OSError, ValueError) as error:
        query.warn(f"prometheus_metrics could not get {address}: {error}")
        return
    now = int(query.clock() * 1000)
    for sample in exposition.samples(reply.body):
        yield address, sample.name, sample.value, now if sample.time is None else sample.time
