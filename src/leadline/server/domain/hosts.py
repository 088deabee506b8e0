"""What is known of a host: its status, its keys, and the object that clients see."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

from leadline.server.clock import iso
from leadline.server.store.hosts import BUFFER, INTERVAL

NODE_KEY_BYTES = 24


def new_node_key() -> str:
    """A node key: 24 random bytes as 32 characters (fleet.md 1.3)."""
    return base64.b64encode(secrets.token_bytes(NODE_KEY_BYTES)).decode()


def key_hash(node_key: str) -> bytes:
    """What is stored and looked up of a node key. Only the hash is compared, so timing tells nothing of the key."""
    return hashlib.sha256(node_key.encode("utf-8", "surrogatepass")).digest()


def is_online(seen_at: int, interval: int, now: int) -> bool:
    """Whether a host seen at ``seen_at`` (ms), checking in every ``interval`` seconds, counts as online."""
    return seen_at + (interval + BUFFER) * 1000 >= now


def check_in_interval(distributed: int, config: int) -> int:
    """Seconds between check-ins: the smaller of the two intervals that are known."""
    known = [seconds for seconds in (distributed, config) if seconds > 0]
    return min(known, default=INTERVAL)


def display_name(computer_name: str, hostname: str, identifier: str) -> str:
    """How a host is called: its name, else what it enrolled as."""
    return computer_name or hostname or identifier


TIMES = ("created_at", "updated_at", "detail_updated_at", "label_updated_at", "policy_updated_at",
         "software_updated_at", "last_enrolled_at", "last_restarted_at")  # fmt: skip
SAME = (
    "id", "refetch_requested", "hostname", "computer_name", "uuid", "platform", "platform_like", "os_version", "build",
    "code_name", "osquery_version", "uptime", "memory", "cpu_type", "cpu_subtype", "cpu_brand", "cpu_physical_cores",
    "cpu_logical_cores", "hardware_vendor", "hardware_model", "hardware_version", "hardware_serial", "public_ip",
    "primary_ip", "primary_mac", "distributed_interval", "config_tls_refresh", "logger_tls_period",
    "gigs_disk_space_available", "percent_disk_space_available", "gigs_total_disk_space", "osquery_host_id",
)  # fmt: skip


def present(host: Mapping[str, Any], now: int, seen_at: int | None = None) -> dict[str, Any]:
    """The host object of the API (fleet.md 2.3); ``seen_at`` is newer than the stored time where given."""
    seen = max(host["seen_at"], seen_at or 0)
    interval = check_in_interval(host["distributed_interval"], host["config_tls_refresh"])
    name = display_name(host["computer_name"], host["hostname"], host["osquery_host_id"])
    shown: dict[str, Any] = {key: host[key] for key in SAME}
    shown.update({key: iso(host[key]) for key in TIMES})
    shown.update(
        seen_time=iso(seen),
        status="online" if is_online(seen, interval, now) else "offline",
        display_name=name,
        display_text=name,
        orbit_version=None,
        team_id=None,
        team_name=None,
        disk_encryption_enabled=None,
        additional=None,
        geolocation=None,
        pack_stats=None,
        issues={"failing_policies_count": 0, "critical_vulnerabilities_count": 0, "total_issues_count": 0},
    )
    return shown
