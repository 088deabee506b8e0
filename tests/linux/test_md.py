"""Members and states of arrays, in the structures of linux/raid/md_u.h and as sysfs has them."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from leadline.linux import md
from leadline.linux.md import Drive, Member

SYNC = 6  # active and in step


def told(disks: list[Drive], places: int) -> list[tuple[str, int | None, str]]:
    return [(one.name, one.slot, one.state) for one in md.placed(disks, places)]


def test_an_array_in_order_has_its_members_in_their_places() -> None:
    disks = [Drive(0, "/dev/sda1", 0, SYNC), Drive(1, "/dev/sdb1", 1, SYNC | 1 << 9)]
    assert told(disks, 2) == [("/dev/sda1", 0, "active sync"), ("/dev/sdb1", 1, "active sync writemostly")]


def test_a_failed_member_is_told_with_the_place_its_number_gives() -> None:
    disks = [Drive(0, "/dev/sda1", 0, SYNC), Drive(1, "/dev/sdb1", -1, 1)]
    assert told(disks, 2) == [("/dev/sda1", 0, "active sync"), ("/dev/sdb1", 1, "faulty")]


def test_a_failed_member_of_a_late_number_takes_a_place_that_is_left() -> None:
    disks = [Drive(0, "/dev/sda1", 0, SYNC), Drive(5, "/dev/sdf1", -1, 1), Drive(6, "/dev/sdg1", -1, 1)]
    assert told(disks, 3) == [("/dev/sda1", 0, "active sync"), ("/dev/sdf1", 1, "faulty"), ("/dev/sdg1", 2, "faulty")]


def test_places_that_none_holds_are_told_as_removed() -> None:
    disks = [Drive(1, "/dev/sdb1", 1, SYNC)]
    assert told(disks, 3) == [
        ("/dev/sdb1", 1, "active sync"),
        ("unknown", 0, "removed"),
        ("unknown", 2, "removed"),
    ]


def test_a_spare_waits_without_a_place_and_one_with_a_place_is_being_filled() -> None:
    disks = [Drive(0, "/dev/sda", 0, SYNC), Drive(2, "/dev/sdc", 1, 0), Drive(3, "/dev/sdd", -1, 0)]
    assert told(disks, 2) == [
        ("/dev/sda", 0, "active sync"),
        ("/dev/sdc", 1, "recovering"),
        ("/dev/sdd", None, "spare"),
    ]


@pytest.mark.parametrize(
    ("state", "words"),
    [(0, "unknown"), (1, "clean"), (0x101, "clean bitmap_present"), (0x22, "errors clustered"), (1 << 30, "unknown")],
)
def test_states_of_superblocks_are_words(state: int, words: str) -> None:
    assert md.array_state(state) == words


@pytest.mark.parametrize(
    ("state", "place", "words"),
    [
        (8, -1, "removed"),
        (1 << 18, 0, "journal"),
        (SYNC | 1 << 10, 0, "active sync failfast"),
        (0x30, 0, "clusteradd spare"),
    ],
)
def test_states_of_members_are_words(state: int, place: int, words: str) -> None:
    assert md.disk_state(state, place) == words


def test_what_the_driver_answers_is_taken_apart() -> None:
    numbers = (1, 2, 0, 1700000000, 5, 2930135, 4, 3, 1, 0, 3000000000, 0x101, 2, 3, 1, 1, 2, 524288)
    found = md.parse_array(struct.pack("=10iI7i", *numbers))
    assert (found.version, found.level, found.raid_disks, found.nr_disks) == ("1.2", 5, 3, 4)
    assert (found.active_disks, found.working_disks, found.failed_disks, found.spare_disks) == (2, 3, 1, 1)
    assert (found.chunk_size, found.utime, found.state) == (524288, 3000000000, "clean bitmap_present")


def plant(root: Path, name: str, attributes: dict[str, str]) -> None:
    for path, text in attributes.items():
        file = root / f"sys/class/block/{name}/md" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n")


def test_sysfs_tells_the_same_but_for_the_superblock(tmp_path) -> None:
    plant(tmp_path, "md1", {
        "level": "raid5", "raid_disks": "4", "chunk_size": "524288", "metadata_version": "1.2",
        "dev-sda1/state": "in_sync", "dev-sda1/slot": "0", "dev-sdb1/state": "in_sync,write_mostly",
        "dev-sdb1/slot": "1", "dev-sdc1/state": "spare", "dev-sdc1/slot": "none", "dev-sdd1/state": "faulty",
        "dev-sdd1/slot": "none", "dev-cciss!c0d0/state": "spare", "dev-cciss!c0d0/slot": "2",
    })  # fmt: skip
    found = md.status(str(tmp_path), "md1")
    assert (found.version, found.level, found.raid_disks, found.nr_disks) == ("1.2", 5, 4, 5)
    assert (found.active_disks, found.working_disks, found.failed_disks, found.spare_disks) == (2, 4, 1, 2)
    assert (found.chunk_size, found.utime, found.state) == (524288, None, None)
    assert [(one.name, one.slot, one.state) for one in md.members(str(tmp_path), "md1")] == [
        ("/dev/cciss/c0d0", 2, "recovering"),
        ("/dev/sda1", 0, "active sync"),
        ("/dev/sdb1", 1, "active sync writemostly"),
        ("/dev/sdc1", None, "spare"),
        ("/dev/sdd1", 3, "faulty"),
    ]


@pytest.mark.parametrize(
    ("level", "number"), [("linear", -1), ("raid0", 0), ("raid10", 10), ("container", -100), ("x", None)]
)
def test_levels_are_numbers(tmp_path, level: str, number: int | None) -> None:
    plant(tmp_path, "md0", {"level": level})
    assert md.status(str(tmp_path), "md0").level == number


def test_an_array_that_asks_for_too_many_places_has_some(tmp_path) -> None:
    plant(tmp_path, "md0", {"level": "raid1", "raid_disks": "9999999999"})
    assert len(list(md.members(str(tmp_path), "md0"))) == 1024


def test_an_array_that_is_not_there_has_no_members() -> None:
    found: list[Member] = list(md.members("", "md4711"))
    assert found == []
    assert md.status("", "md4711").level is None
