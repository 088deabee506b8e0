"""block_devices and disk_encryption, on a captured sysfs with images in place of devices, and on loop devices."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

PCI = "devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0"
NVME = "devices/pci0000:00/0000:00:1d.0/nvme/nvme0"
LUKS2 = "CRYPT-LUKS2-5f3c1e0a9d2b4c7e8f10a1b2c3d4e5f6-vault"
UUID = "5f3c1e0a-9d2b-4c7e-8f10-a1b2c3d4e5f6"


def device(
    root: Path, place: str, number: str, files: dict[str, str] | None = None, slaves: tuple[str, ...] = ()
) -> None:
    """A device as sysfs shows it: its directory, and the link to it in /sys/class/block."""
    folder = root / "sys" / place
    name = folder.name
    for path, text in {"dev": number, "size": "0", **(files or {})}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(f"{text}\n")
    (folder / "slaves").mkdir(exist_ok=True)
    for slave in slaves:
        (folder / "slaves" / slave).symlink_to(f"../../{slave}")
    (root / "sys/class/block").mkdir(parents=True, exist_ok=True)
    (root / "sys/class/block" / name).symlink_to(f"../../{place}")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A machine with an encrypted volume group, a RAID controller's disk and an NVMe disk."""
    root = tmp_path / "root"
    disk = {"size": "1953525168", "queue/logical_block_size": "512", "queue/physical_block_size": "4096"}
    named = {"device/model": "Samsung SSD 870 ", "device/vendor": "ATA     ", "device/wwid": "naa.5002538f00000001"}
    device(root, f"{PCI}/block/sda", "8:0", disk | named)
    for number in (1, 2, 3):
        device(root, f"{PCI}/block/sda/sda{number}", f"8:{number}", {"partition": str(number), "size": "204800"})
    device(root, f"{NVME}/nvme0n1", "259:0", {"queue/logical_block_size": "4096", "size": "1000", "wwid": "eui.1",
           "../model": "ignored", "device/model": "WD Black", "device/serial": "SN42"})  # fmt: skip
    device(root, f"{NVME}/nvme0n1/nvme0n1p1", "259:1", {"partition": "1", "size": "800"})
    device(root, "devices/virtual/block/dm-0", "253:0", {"dm/uuid": LUKS2, "dm/name": "vault", "size": "100",
           "queue/logical_block_size": "512"}, ("sda3",))  # fmt: skip
    device(root, "devices/virtual/block/dm-1", "253:1", {"dm/uuid": "LVM-abcdef", "dm/name": "vg-root"}, ("dm-0",))
    device(root, "devices/virtual/block/dm-2", "253:2", {"dm/uuid": "LVM-mixed"}, ("dm-0", "sda2"))
    device(root, "devices/virtual/block/dm-3", "253:3", {"dm/uuid": "CRYPT-PLAIN-swap"}, ("sda2",))
    device(root, "devices/virtual/block/dm-4", "253:4", {"dm/uuid": "CRYPT-VERITY-0123-usr"}, ("sda2",))
    device(root, "devices/pci0000:00/cciss0/block/cciss!c0d0", "104:0", {"size": "17"})
    (root / "sys/class/block/stale").symlink_to("../../devices/gone")
    (root / "dev").mkdir()
    return root


def image(root: Path, name: str, megabytes: int) -> Path:
    with (root / "dev" / name).open("wb") as file:
        file.truncate(megabytes << 20)
    return root / "dev" / name


def test_disks_partitions_and_mappings_have_a_row_each(ask, machine) -> None:
    rows = ask("SELECT name, parent, vendor, model, serial, size, block_size FROM block_devices", str(machine))
    samsung = {"vendor": "ATA", "model": "Samsung SSD 870", "serial": "naa.5002538f00000001"}
    none = {"vendor": None, "model": None, "serial": None}
    black = {"vendor": None, "model": "WD Black", "serial": "SN42"}
    sector = {"block_size": 512}
    assert rows == [
        {"name": "/dev/cciss/c0d0", "parent": None, **none, "size": 17, "block_size": None},
        {"name": "/dev/dm-0", "parent": "/dev/sda3", **samsung, "size": 100, **sector},
        {"name": "/dev/dm-1", "parent": "/dev/dm-0", **samsung, "size": 0, **sector},
        {"name": "/dev/dm-2", "parent": "/dev/dm-0", **samsung, "size": 0, **sector},
        {"name": "/dev/dm-3", "parent": "/dev/sda2", **samsung, "size": 0, **sector},
        {"name": "/dev/dm-4", "parent": "/dev/sda2", **samsung, "size": 0, **sector},
        {"name": "/dev/nvme0n1", "parent": None, **black, "size": 1000, "block_size": 4096},
        {"name": "/dev/nvme0n1p1", "parent": "/dev/nvme0n1", **black, "size": 800, "block_size": 4096},
        {"name": "/dev/sda", "parent": None, **samsung, "size": 1953525168, **sector},
        {"name": "/dev/sda1", "parent": "/dev/sda", **samsung, "size": 204800, **sector},
        {"name": "/dev/sda2", "parent": "/dev/sda", **samsung, "size": 204800, **sector},
        {"name": "/dev/sda3", "parent": "/dev/sda", **samsung, "size": 204800, **sector},
    ]


def test_content_is_read_from_the_device(ask, machine, tool) -> None:
    tool("mkfs.vfat", "-n", "EFI", "-i", "1234ABCD", image(machine, "sda1", 20))
    tool("mke2fs", "-q", "-t", "ext4", "-L", "root", "-U", UUID, image(machine, "sda2", 8))
    rows = ask("SELECT name, uuid, type, label FROM block_devices WHERE type <> ''", str(machine))
    assert rows == [
        {"name": "/dev/sda1", "uuid": "1234-ABCD", "type": "vfat", "label": "EFI"},
        {"name": "/dev/sda2", "uuid": UUID, "type": "ext4", "label": "root"},
    ]
    found = ask(f"SELECT name FROM block_devices WHERE uuid = '{UUID.upper()}'", str(machine))
    assert found == [{"name": "/dev/sda2"}]


def test_what_udev_noted_stands_in_for_a_device_that_cannot_be_read(ask, machine) -> None:
    folder = machine / "run/udev/data"
    folder.mkdir(parents=True)
    (folder / "b8:1").write_text("S:disk/by-uuid/x\nE:ID_FS_TYPE=xfs\nE:ID_FS_UUID=u-u-i-d\nE:ID_FS_LABEL=data=1\nE:x")
    (folder / "b104:0").write_text("E:ID_MODEL=LOGICAL_VOLUME\nE:ID_SERIAL_SHORT=600508\nE:ID_VENDOR=HP\n")
    columns = "vendor, model, serial, uuid, type, label"
    assert ask(f"SELECT {columns} FROM block_devices WHERE name = '/dev/sda1'", str(machine)) == [
        {"vendor": "ATA", "model": "Samsung SSD 870", "serial": "naa.5002538f00000001", "uuid": "u-u-i-d",
         "type": "xfs", "label": "data=1"},
    ]  # fmt: skip
    assert ask(f"SELECT {columns} FROM block_devices WHERE name = '/dev/cciss/c0d0'", str(machine)) == [
        {"vendor": "HP", "model": "LOGICAL_VOLUME", "serial": "600508", "uuid": None, "type": None, "label": None},
    ]


def test_a_device_file_of_an_image_is_not_opened(ask, machine) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may make device files")
    os.mknod(machine / "dev/sda1", 0o060600, os.makedev(7, 0))
    os.mkfifo(machine / "dev/sda2")
    assert ask("SELECT DISTINCT type FROM block_devices", str(machine)) == [{"type": None}]


def test_encryption_is_that_of_the_mapping_and_goes_up_from_it(ask, machine, tool, tmp_path) -> None:
    (tmp_path / "key").write_text("not much of a secret")
    tool("cryptsetup", "luksFormat", "-q", "--type", "luks2", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000",
         "--uuid", UUID, image(machine, "sda3", 20), tmp_path / "key")  # fmt: skip
    rows = ask("SELECT name, encrypted, type, encryption_status FROM disk_encryption", str(machine))
    encrypted = {"encrypted": 1, "encryption_status": "encrypted"}
    plain = {"encrypted": 0, "type": "", "encryption_status": "not encrypted"}
    assert rows == [
        {"name": "/dev/cciss/c0d0", **plain},
        {"name": "/dev/dm-0", **encrypted, "type": "LUKS2-aes-xts-plain64"},
        {"name": "/dev/dm-1", **encrypted, "type": "LUKS2-aes-xts-plain64"},
        {"name": "/dev/dm-2", **plain},  # half of it lies on sda2
        {"name": "/dev/dm-3", **encrypted, "type": "PLAIN"},
        {"name": "/dev/dm-4", **plain},  # verity checks, and hides nothing
        {"name": "/dev/nvme0n1", **plain},
        {"name": "/dev/nvme0n1p1", **plain},
        {"name": "/dev/sda", **plain},
        {"name": "/dev/sda1", **plain},
        {"name": "/dev/sda2", **plain},
        {"name": "/dev/sda3", **plain},
    ]
    one = ask("SELECT uuid, encrypted FROM disk_encryption WHERE name = '/dev/sda3'", str(machine))
    assert one == [{"uuid": UUID, "encrypted": 0}]


def test_a_mapping_is_encrypted_also_where_its_header_cannot_be_read(ask, machine) -> None:
    rows = ask("SELECT encrypted, type FROM disk_encryption WHERE name = '/dev/dm-1'", str(machine))
    assert rows == [{"encrypted": 1, "type": "LUKS2"}]


def test_devices_that_are_made_of_each_other_end(ask, machine) -> None:
    device(machine, "devices/virtual/block/dm-8", "253:8", {}, ("dm-9",))
    device(machine, "devices/virtual/block/dm-9", "253:9", {}, ("dm-8",))
    device(machine, "devices/virtual/block/md7", "9:7", {"dm/uuid": "CRYPT-LUKS2-x-y"}, ("md7", "md7", "dm-8")[1:])
    rows = ask("SELECT name, encrypted FROM disk_encryption WHERE name IN ('/dev/dm-8', '/dev/md7')", str(machine))
    assert rows == [{"name": "/dev/dm-8", "encrypted": 0}, {"name": "/dev/md7", "encrypted": 1}]


def test_many_devices_that_are_all_made_of_each_other_end_soon(ask, machine) -> None:
    folder = machine / "sys/class/block"
    for number in range(40, 60):
        (folder / f"dm-{number}/slaves").mkdir(parents=True)
        (folder / f"dm-{number}/dev").write_text(f"254:{number}\n")
        for other in range(40, 60):
            (folder / f"dm-{number}/slaves/dm-{other}").touch()
    rows = ask("SELECT encrypted FROM disk_encryption WHERE name LIKE '/dev/dm-4_'", str(machine))
    assert [row["encrypted"] for row in rows] == [0] * 10


def test_a_root_without_sysfs_has_no_devices(ask, root) -> None:
    assert ask("SELECT * FROM block_devices", root) == []
    assert ask("SELECT * FROM disk_encryption", root) == []


@pytest.fixture
def loop(tool, tmp_path: Path) -> Iterator[str]:
    """A loop device with an ext4 file system on it."""
    if os.geteuid() != 0:
        pytest.skip("loop devices need root")
    with (tmp_path / "image").open("wb") as file:
        file.truncate(8 << 20)
    tool("mke2fs", "-q", "-t", "ext4", "-L", "on a loop", tmp_path / "image")
    name = tool("losetup", "-f", "--show", tmp_path / "image").strip()
    yield name
    tool("losetup", "-d", name)


def test_devices_of_this_machine_are_those_of_lsblk(live, tool, loop) -> None:
    listed = json.loads(tool("lsblk", "-J", "-b", "-p", "-l", "-a", "-o", "NAME,SIZE,LOG-SEC,PKNAME,FSTYPE,UUID,LABEL"))
    known = {one["name"]: one for one in listed["blockdevices"]}
    rows = {row["name"]: row for row in live("SELECT * FROM block_devices")}
    assert loop in rows
    assert set(known) <= set(rows)
    for name, one in known.items():
        row = rows[name]
        assert row["size"] * 512 == int(one["size"] or 0), name
        assert row["block_size"] == int(one["log-sec"])
        assert row["parent"] == one["pkname"]
    said = dict(line.split("=", 1) for line in tool("blkid", "-p", "-o", "export", loop).splitlines())
    assert (rows[loop]["type"], rows[loop]["uuid"], rows[loop]["label"]) == ("ext4", said["UUID"], "on a loop")
    assert live(f"SELECT encrypted, encryption_status FROM disk_encryption WHERE name = '{loop}'") == [
        {"encrypted": 0, "encryption_status": "not encrypted"}
    ]
