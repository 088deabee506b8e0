from __future__ import annotations

from pathlib import Path

import pytest

from leadline.catalogue.index import ALIASES, TABLES
from leadline.sql.engine import Engine


def test_neighbours_of_the_captured_root(captured) -> None:
    assert [tuple(row.values()) for row in captured("SELECT * FROM arp_cache")] == [
        ("10.0.0.1", "02:00:5e:10:00:01", "eth0", "0"),
        ("10.0.0.7", "00:00:00:00:00:00", "eth0", "0"),
        ("10.0.0.9", "02:00:5e:10:00:09", "eth0", "1"),
    ]
    assert len(captured("SELECT * FROM arp_cache WHERE mac = '02:00:5E:10:00:09'")) == 1


@pytest.mark.parametrize("name", ["interface_addresses", "interface_details", "routes"])
def test_what_only_the_kernel_knows_is_not_told_of_another_root(name: str, tmp_path: Path) -> None:
    warnings: list[tuple[str, str]] = []
    with Engine(
        tables=TABLES,
        aliases=ALIASES,
        root=str(tmp_path),
        warn=lambda table, message: warnings.append((table, message)),
    ) as engine:
        assert list(engine.query(f"SELECT * FROM {name}")) == []
    assert warnings == [(name, f"{name} asks the running kernel and has no rows for another root")]


def test_the_loopback_interface_has_the_values_osquery_gives_it(live) -> None:
    rows = live("SELECT * FROM interface_addresses WHERE interface = 'lo' AND address = '127.0.0.1'")
    assert rows == [
        {
            "interface": "lo",
            "address": "127.0.0.1",
            "mask": "255.0.0.0",
            "broadcast": None,
            "point_to_point": "127.0.0.1",
            "type": "unknown",
        }
    ]
    (row,) = live("SELECT * FROM interface_details WHERE interface = 'lo'")
    assert (row["mac"], row["type"], row["metric"], row["last_change"]) == ("00:00:00:00:00:00", 772, 0, -1)
    assert (row["link_speed"], row["pci_slot"]) == (0, "-1")
    assert row["flags"] & 0x9 == 0x9
    assert row["mtu"] == int(Path("/sys/class/net/lo/mtu").read_text())


def test_interface_flags_are_those_of_sysfs_where_it_knows_better(live) -> None:
    for row in live("SELECT interface, flags FROM interface_details"):
        own = int(Path(f"/sys/class/net/{row['interface']}/flags").read_text(), 16)
        assert row["flags"] & 0x1103 == own & 0x1103


def test_columns_left_out_do_not_change_the_others(live) -> None:
    whole = live("SELECT * FROM interface_details")
    for column in ("mac", "flags", "link_speed", "pci_slot"):
        assert live(f"SELECT {column} FROM interface_details") == [{column: row[column]} for row in whole]


def test_the_route_to_a_single_host_has_netmask_zero(live) -> None:
    rows = live("SELECT * FROM routes WHERE destination = '127.0.0.1' AND interface = 'lo' AND type = 'local'")
    assert [tuple(row.values()) for row in rows] == [("127.0.0.1", 0, None, "127.0.0.1", 0, "lo", 0, 0, "local", 0)]
    assert [row["netmask"] for row in live("SELECT netmask FROM routes WHERE destination = '127.0.0.0'")][:1] == [8]


def test_default_routes_are_named_by_their_family(live) -> None:
    rows = live("SELECT destination, gateway FROM routes WHERE destination IN ('::', '0.0.0.0') AND gateway <> ''")
    assert all((row["destination"] == "::") == (":" in row["gateway"]) for row in rows)


def test_live_neighbours_are_those_of_proc(live) -> None:
    lines = Path("/proc/net/arp").read_text().splitlines()[1:]
    assert {row["address"] for row in live("SELECT address FROM arp_cache")} == {line.split()[0] for line in lines}
