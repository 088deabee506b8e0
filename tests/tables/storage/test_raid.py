"""The tables of software RAID, on a captured machine."""

from __future__ import annotations

import pytest

MDSTAT = """Personalities : [raid1] [raid6] [raid5] [raid4]
md0 : active raid5 sdd1[3](F) sdb1[1] sda1[0]
      1048576 blocks super 1.2 level 5, 512k chunk, algorithm 2 [3/2] [UU_]
      [==>..................]  recovery = 12.6% (132120/1048576) finish=1.5min speed=33440K/sec
      bitmap: 0/1 pages [0KB], 65536KB chunk

unused devices: <none>
"""
MD = "sys/class/block/md0/md"
FILES = {
    "proc/mdstat": MDSTAT, f"{MD}/level": "raid5\n", f"{MD}/raid_disks": "3\n", f"{MD}/chunk_size": "524288\n",
    f"{MD}/metadata_version": "1.2\n", f"{MD}/dev-sda1/state": "in_sync\n", f"{MD}/dev-sda1/slot": "0\n",
    f"{MD}/dev-sdb1/state": "in_sync\n", f"{MD}/dev-sdb1/slot": "1\n", f"{MD}/dev-sdd1/state": "faulty\n",
    f"{MD}/dev-sdd1/slot": "none\n",
}  # fmt: skip


@pytest.fixture
def array(tree) -> str:
    return tree(FILES)


def test_an_array_has_a_row_with_what_is_done_to_it(ask, array) -> None:
    [row] = ask("SELECT * FROM md_devices", array)
    assert {name: value for name, value in row.items() if value is not None} == {
        "device_name": "md0", "status": "active", "raid_level": 5, "size": 1048576, "chunk_size": 524288,
        "raid_disks": 3, "nr_raid_disks": 3, "working_disks": 2, "active_disks": 2, "failed_disks": 1,
        "spare_disks": 0, "superblock_version": "1.2", "bitmap_on_mem": "0/1 pages [0KB]",
        "bitmap_chunk_size": "65536KB chunk", "recovery_progress": "12.6% (132120/1048576)",
        "recovery_finish": "1.5min", "recovery_speed": "33440K/sec", "unused_devices": "<none>",
        "other": "super 1.2 level 5, 512k chunk, algorithm 2",
    }  # fmt: skip


def test_members_have_a_row_each(answer, array) -> None:
    assert answer("SELECT md_device_name, drive_name, slot, state FROM md_drives", array) == [
        ("md0", "/dev/sda1", 0, "active sync"),
        ("md0", "/dev/sdb1", 1, "active sync"),
        ("md0", "/dev/sdd1", 2, "faulty"),
    ]


def test_levels_the_kernel_can_do_have_a_row_each(answer, array) -> None:
    assert answer("SELECT name FROM md_personalities", array) == [("raid1",), ("raid6",), ("raid5",), ("raid4",)]


def test_a_machine_without_arrays_has_no_rows(answer, root) -> None:
    for table in ("md_devices", "md_drives", "md_personalities"):
        assert answer(f"SELECT * FROM {table}", root) == []
