"""Detail queries: what every host is asked about itself, and what its answers mean for its record.

Names after the prefix are Fleet's (fleet.md 1.7), so hosts that answer either server look the same in their logs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from leadline.wire.osquery_tls import Row, text

Values = dict[str, Any]

LONGEST = 255
RESTART_SLACK = 60_000
"""Milliseconds by which two computations of the same boot may differ."""


class Detail(Struct, frozen=True):
    """A detail query and the function from its rows and the time (ms) to columns of the host."""

    query: str
    ingest: Callable[[Sequence[Row], int], Values]
    windows: bool = True
    unix: bool = True


def clean(value: object) -> str:
    """Host-supplied text made fit for a column: no NUL (PostgreSQL refuses it), at most 255 characters."""
    return text(value).replace("\x00", "")[:LONGEST] if isinstance(value, str | int | float) else ""


def whole(value: object, highest: int = 2**63 - 1) -> int:
    """Host-supplied number; what is no number or out of range is 0."""
    try:
        number = int(float(value)) if isinstance(value, str | int | float) else 0
    except (ValueError, OverflowError):
        return 0
    return number if 0 <= number <= highest else 0


def real(value: object) -> float:
    """Host-supplied real number; what is no finite number is 0."""
    try:
        number = float(value) if isinstance(value, str | int | float) else 0.0
    except ValueError:
        return 0.0
    return number if 0 <= number < 1e15 else 0.0


def system_info(rows: Sequence[Row], _now: int) -> Values:
    """Names, processor, memory and hardware."""
    if not rows:
        return {}
    row = rows[0]
    values: Values = {
        key: clean(row.get(key))
        for key in ("hostname", "computer_name", "uuid", "cpu_type", "cpu_subtype", "cpu_brand", "hardware_vendor",
                    "hardware_model", "hardware_version", "hardware_serial")
    }  # fmt: skip
    values["memory"] = whole(row.get("physical_memory"))
    values["cpu_physical_cores"] = whole(row.get("cpu_physical_cores"), 2**31 - 1)
    values["cpu_logical_cores"] = whole(row.get("cpu_logical_cores"), 2**31 - 1)
    return values


def os_version(rows: Sequence[Row], _now: int) -> Values:
    """Operating system: ``Debian GNU/Linux 12`` rather than its code name."""
    if not rows:
        return {}
    row = rows[0]
    name = clean(row.get("name"))
    number = clean(row.get("version")).partition("(")[0].strip()
    if not number:
        number = ".".join(clean(row.get(part)) or "0" for part in ("major", "minor", "patch"))
    return {
        "platform": clean(row.get("platform"))[:64],
        "platform_like": clean(row.get("platform_like")),
        "build": clean(row.get("build")),
        "code_name": clean(row.get("codename")),
        "os_version": clean(number if number.startswith(name) else f"{name} {number}".strip()),
    }


def osquery_info(rows: Sequence[Row], _now: int) -> Values:
    """The agent: version and the identity of its database."""
    if not rows:
        return {}
    return {"osquery_version": clean(rows[0].get("version")), "instance_id": clean(rows[0].get("instance_id"))}


def osquery_flags(rows: Sequence[Row], _now: int) -> Values:
    """Intervals that the agent really uses, in seconds; ``config_refresh`` overrides its older name."""
    flags = {clean(row.get("name")): whole(row.get("value"), 2**31 - 1) for row in rows}
    values: Values = {}
    for column, names in (
        ("distributed_interval", ("distributed_interval",)),
        ("config_tls_refresh", ("config_refresh", "config_tls_refresh")),
        ("logger_tls_period", ("logger_tls_period",)),
    ):
        for name in names:
            if flags.get(name):
                values[column] = flags[name]
                break
    return values


def uptime(rows: Sequence[Row], now: int) -> Values:
    """Uptime in nanoseconds, and the boot time that follows from it."""
    seconds = whole(rows[0].get("total_seconds"), 10**9) if rows else 0
    return {"uptime": seconds * 1_000_000_000, "last_restarted_at": now - seconds * 1000} if seconds else {}


def network_interface(rows: Sequence[Row], _now: int) -> Values:
    """Address and MAC of the interface that holds the default route."""
    if not rows:
        return {}
    return {"primary_ip": clean(rows[0].get("address"))[:64], "primary_mac": clean(rows[0].get("mac"))[:64]}


def disk_space(rows: Sequence[Row], _now: int) -> Values:
    """Space of the root file system, in gigabytes (10^9)."""
    if not rows:
        return {}
    total, free = real(rows[0].get("total")), real(rows[0].get("available"))
    return {
        "gigs_total_disk_space": round(total / 1e9, 2),
        "gigs_disk_space_available": round(free / 1e9, 2),
        "percent_disk_space_available": round(100 * free / total, 2) if total else 0.0,
    }


DETAILS: Mapping[str, Detail] = {
    "system_info": Detail("SELECT * FROM system_info LIMIT 1", system_info),
    "os_version": Detail("SELECT * FROM os_version LIMIT 1", os_version),
    "osquery_info": Detail("SELECT * FROM osquery_info LIMIT 1", osquery_info),
    "osquery_flags": Detail(
        "SELECT name, value FROM osquery_flags WHERE name IN "
        "('distributed_interval', 'config_refresh', 'config_tls_refresh', 'logger_tls_period')",
        osquery_flags,
    ),
    "uptime": Detail("SELECT total_seconds FROM uptime LIMIT 1", uptime),
    "network_interface_unix": Detail(
        # IPv4 before IPv6, the default route with the lowest metric first; machines without one still show an address.
        "SELECT a.address, d.mac, a.interface FROM interface_addresses a JOIN interface_details d USING (interface) "
        "LEFT JOIN (SELECT interface, MIN(metric) AS metric FROM routes WHERE type = 'gateway' AND netmask = 0 AND "
        "destination IN ('0.0.0.0', '::', 'default') GROUP BY interface) r USING (interface) "
        "WHERE a.address NOT LIKE '127.%' AND a.address <> '::1' AND a.address NOT LIKE 'fe80:%' "
        "ORDER BY r.interface IS NULL, a.address LIKE '%:%', r.metric LIMIT 1",
        network_interface,
        windows=False,
    ),
    "network_interface_windows": Detail(
        "SELECT a.address, d.mac, a.interface FROM interface_addresses a JOIN interface_details d USING (interface) "
        "JOIN routes r ON r.interface = a.address WHERE r.destination = '0.0.0.0' AND r.netmask = 0 "
        "ORDER BY r.metric LIMIT 1",
        network_interface,
        unix=False,
    ),
    "disk_space_unix": Detail(
        "SELECT CAST(blocks AS REAL) * blocks_size AS total, CAST(blocks_available AS REAL) * blocks_size AS available "
        "FROM mounts WHERE path = '/' LIMIT 1",
        disk_space,
        windows=False,
    ),
    "disk_space_windows": Detail(
        "SELECT size AS total, free_space AS available FROM logical_drives WHERE boot_partition = 1 LIMIT 1",
        disk_space,
        unix=False,
    ),
}


def queries(platform: str) -> dict[str, str]:
    """Name and SQL of the queries for a platform; all that suit a Unix system while it is unknown."""
    windows = platform == "windows"
    return {name: detail.query for name, detail in DETAILS.items() if (detail.windows if windows else detail.unix)}


ENROLL_ORDER = ("os_version", "osquery_info", "system_info")


def from_enrollment(details: Mapping[str, Row | None] | None, now: int) -> Values:
    """Columns that an enroll request's ``host_details`` already tell."""
    values: Values = {}
    for name in ENROLL_ORDER:
        row = (details or {}).get(name)
        if row:
            values.update(DETAILS[name].ingest([row], now))
    return values
