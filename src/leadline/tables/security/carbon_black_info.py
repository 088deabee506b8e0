"""The carbon_black_info table."""

from __future__ import annotations

from leadline.linux import carbonblack
from leadline.sql.schema import INTEGER, LINUX, TEXT, Column, Query, Rows, table

_COLLECTED = (
    "collectstorefiles",
    "collectmoduleloads",
    "collectmoduleinfo",
    "collectfilemods",
    "collectregmods",
    "collectnetconns",
    "collectprocesses",
    "collectcrossprocess",
    "collectemetevents",
)
_UNKNOWN_ON_LINUX = (0,) * 6


@table(
    "carbon_black_info",
    Column("sensor_id", INTEGER, "Number of the sensor."),
    Column("config_name", TEXT, "Name of its group of settings."),
    Column("collect_store_files", INTEGER, "1 when copies of binaries are sent, 0 when not, -1 when that is not set."),
    Column("collect_module_loads", INTEGER, "The same for modules that are loaded."),
    Column("collect_module_info", INTEGER, "The same for what is known about modules."),
    Column("collect_file_mods", INTEGER, "The same for changes of files."),
    Column("collect_reg_mods", INTEGER, "The same for changes of the registry."),
    Column("collect_net_conns", INTEGER, "The same for network connections."),
    Column("collect_processes", INTEGER, "The same for processes."),
    Column("collect_cross_processes", INTEGER, "The same for what processes do to each other."),
    Column("collect_emet_events", INTEGER, "The same for events of EMET."),
    Column("collect_data_file_writes", INTEGER, "The same for writes to data files; 0 on Linux."),
    Column("collect_process_user_context", INTEGER, "The same for the users of processes; 0 on Linux."),
    Column("collect_sensor_operations", INTEGER, "The same for the sensor's own doings; 0 on Linux."),
    Column("log_file_disk_quota_mb", INTEGER, "Space for logs, in MB; 0 on Linux."),
    Column("log_file_disk_quota_percentage", INTEGER, "Space for logs, in percent; 0 on Linux."),
    Column("protection_disabled", INTEGER, "1 when the sensor only watches; 0 on Linux."),
    Column("sensor_ip_addr", TEXT, "Address of the sensor; empty on Linux."),
    Column("sensor_backend_server", TEXT, "Server it reports to."),
    Column("event_queue", INTEGER, "Bytes of events that wait to be sent."),
    Column("binary_queue", INTEGER, "Bytes of binaries that wait to be sent."),
    platforms=LINUX,
    aliases=["cb_info"],
    examples=["SELECT sensor_id, config_name, sensor_backend_server, event_queue FROM carbon_black_info"],
    notes="From /var/lib/cb, which only root may read. One row, and only NULL in it where no sensor is installed.",
)  # fmt: skip
def carbon_black_info(query: Query) -> Rows:
    """Settings of VMware Carbon Black's sensor, and how much it has yet to send."""
    number = carbonblack.sensor_id(query.root)
    queues = carbonblack.queues(query.root) or (None, None)
    settings = carbonblack.settings(query.root)
    if settings is None:
        yield (number, *[None] * 18, *queues)
        return
    yield (
        number,
        settings.get("configname", "").replace("%20", " "),
        *(_number(settings.get(name, "-1")) for name in _COLLECTED),
        *_UNKNOWN_ON_LINUX,
        "",
        settings.get("sensorbackendserver", "").replace("%3A", ":"),
        *queues,
    )


def _number(text: str) -> int | None:
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) < 10 else None
