"""What answers to detail queries mean."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.server.domain import details
from leadline.server.store.tables import hosts

NOW = 1_795_500_000_000
CELL = st.none() | st.text() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.booleans()


def test_the_operating_system_is_named_as_people_name_it() -> None:
    def named(**row: str) -> Any:
        return details.os_version([dict(row)], NOW)["os_version"]

    assert named(name="Debian GNU/Linux", version="12 (bookworm)") == "Debian GNU/Linux 12"
    assert named(name="Ubuntu", version="22.04.3 LTS (Jammy Jellyfish)") == "Ubuntu 22.04.3 LTS"
    assert named(name="macOS", version="", major="14", minor="1", patch="2") == "macOS 14.1.2"
    assert named(name="CentOS", version="CentOS release 6.10 (Final)") == "CentOS release 6.10"


def test_uptime_tells_when_the_host_was_started() -> None:
    assert details.uptime([{"total_seconds": "60"}], NOW) == {
        "uptime": 60_000_000_000,
        "last_restarted_at": NOW - 60_000,
    }
    assert details.uptime([{"total_seconds": ""}], NOW) == {}


def test_enrollment_tells_what_details_tell() -> None:
    values = details.from_enrollment(
        {"system_info": {"hostname": "h"}, "osquery_info": {"version": "5.23.0"}, "platform_info": {}, "other": None},
        NOW,
    )
    assert (values["hostname"], values["osquery_version"]) == ("h", "5.23.0")
    assert details.from_enrollment(None, NOW) == {}


@given(st.sampled_from(sorted(details.DETAILS)), st.data())
def test_whatever_a_host_answers_fits_the_columns(name: str, data: st.DataObject) -> None:
    keys = st.sampled_from(
        ["hostname", "uuid", "physical_memory", "cpu_physical_cores", "cpu_logical_cores", "name", "value", "version",
         "platform", "total_seconds", "address", "mac", "total", "available", "major", "instance_id"]
    )  # fmt: skip
    rows = data.draw(st.lists(st.dictionaries(keys, CELL), max_size=3))
    for column, value in details.DETAILS[name].ingest(rows, NOW).items():
        declared = hosts.c[column].type
        if isinstance(value, str):
            assert "\x00" not in value
            assert len(value) <= getattr(declared, "length", 0)
        elif isinstance(value, int):
            assert -(2**63) <= value < 2**63
            assert value < 2**31 or type(declared).__name__ == "BigInteger"
        else:
            assert value == value


def test_windows_and_unix_get_their_own_questions() -> None:
    assert "network_interface_unix" in details.queries("debian")
    assert "network_interface_unix" in details.queries("")
    assert "network_interface_windows" in details.queries("windows")
    assert "network_interface_unix" not in details.queries("windows")
    assert all(sql.strip() for sql in details.queries("").values())


@pytest.mark.parametrize(
    ("routes", "expected"),
    [
        ([("0.0.0.0", 0, "wlan0", 600), ("0.0.0.0", 0, "eth0", 100), ("10.0.0.0", 8, "vpn", 0)], "192.0.2.2"),
        ([("::", 0, "wlan0", 1)], "2001:db8::7"),
        ([], "192.0.2.2"),
    ],
)
def test_the_primary_address_is_on_the_default_route(routes: list[tuple[Any, ...]], expected: str) -> None:
    with sqlite3.connect(":memory:") as database:
        database.executescript(
            """
            CREATE TABLE interface_addresses (interface TEXT, address TEXT);
            CREATE TABLE interface_details (interface TEXT, mac TEXT);
            CREATE TABLE routes (destination TEXT, netmask INTEGER, interface TEXT, metric INTEGER, type TEXT);
            INSERT INTO interface_addresses VALUES ('lo', '127.0.0.1'), ('lo', '::1'), ('eth0', 'fe80::1%eth0'),
                ('eth0', '2001:db8::2'), ('eth0', '192.0.2.2'), ('wlan0', '2001:db8::7');
            INSERT INTO interface_details VALUES ('lo', ''), ('eth0', '02:fc'), ('wlan0', '02:fd');
            """
        )
        database.executemany("INSERT INTO routes VALUES (?, ?, ?, ?, 'gateway')", routes)
        rows = database.execute(details.DETAILS["network_interface_unix"].query).fetchall()
    database.close()
    assert rows[0][0] == expected
