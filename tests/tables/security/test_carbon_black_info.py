"""The carbon_black_info table."""

from __future__ import annotations

SETTINGS = """\
[CB]
ConfigName=Default%20Group
CollectStoreFiles=1
CollectModuleLoads=0
CollectProcesses=1
CollectNetConns=many
; CollectFileMods=1
SensorBackendServer=https%3A//cb.example%3A443

[Other]
CollectRegMods=1
"""


def test_a_sensor_with_its_settings_and_queues(ask, tree) -> None:
    root = tree(
        {
            "var/lib/cb/sensor.id": "0000000000000c8a",
            "var/lib/cb/sensorsettings.ini": SETTINGS,
            "var/lib/cb/events.log": b"x" * 10,
            "var/lib/cb/eventlogs/events": b"x" * 3,
            "var/lib/cb/store/12/filedata": b"x" * 100,
            "var/lib/cb/store/12/metadata": b"x" * 7,
            "var/lib/cb/store/12/other": b"x" * 1000,
        }
    )
    (row,) = ask("SELECT * FROM cb_info", root)
    known = {name: value for name, value in row.items() if value not in (0, -1, "")}
    assert known == {
        "sensor_id": 0xC8A,
        "config_name": "Default Group",
        "collect_store_files": 1,
        "collect_processes": 1,
        "collect_net_conns": None,
        "sensor_backend_server": "https://cb.example:443",
        "event_queue": 13,
        "binary_queue": 107,
    }
    assert (row["collect_module_loads"], row["collect_file_mods"], row["collect_reg_mods"]) == (0, -1, -1)


def test_without_a_sensor_nothing_is_known(ask, tmp_path) -> None:
    (row,) = ask("SELECT * FROM carbon_black_info", str(tmp_path))
    assert set(row.values()) == {None}


def test_links_in_the_queue_are_not_followed(ask, tree, tmp_path) -> None:
    root = tree({"var/lib/cb/": b"", "elsewhere/filedata": b"x" * 5})
    (tmp_path / "var/lib/cb/loop").symlink_to("/var/lib/cb")
    (tmp_path / "var/lib/cb/filedata").symlink_to("/elsewhere/filedata")
    assert ask("SELECT event_queue, binary_queue FROM carbon_black_info", root) == [
        {"event_queue": 0, "binary_queue": 0}
    ]
