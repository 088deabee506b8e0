"""Against blkid, on what the real programs make."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.linux import superblock
from leadline.linux.blockdevices import disk
from leadline.linux.disk import Disk

MIB = 1 << 20
UUID = "5f3c1e0a-9d2b-4c7e-8f10-a1b2c3d4e5f6"


@pytest.fixture
def blkid(tool) -> Callable[[Path], tuple[str | None, str | None, str | None]]:
    """Type, UUID and label as libblkid has them."""

    def ask(path: Path) -> tuple[str | None, str | None, str | None]:
        said = dict(
            line.split("=", 1) for line in tool("blkid", "-p", "-o", "export", path).splitlines() if "=" in line
        )
        return said.get("TYPE"), said.get("UUID"), (said.get("LABEL") or "").replace("\\ ", " ") or None

    return ask


def probe(path: Path) -> tuple[str, str | None, str | None] | None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return superblock.probe(disk(descriptor))
    finally:
        os.close(descriptor)


@pytest.fixture
def image(tmp_path: Path) -> Callable[[int], Path]:
    """``image(megabytes)``: an empty file of that size."""

    def make(megabytes: int) -> Path:
        path = tmp_path / "image"
        with path.open("wb") as file:
            file.truncate(megabytes * MIB)
        return path

    return make


FORMATS = {
    "ext2": (2, ["mke2fs", "-q", "-t", "ext2", "-L", "two words", "-U", UUID]),
    "ext3": (8, ["mke2fs", "-q", "-t", "ext3", "-L", "journal"]),
    "ext4": (8, ["mke2fs", "-q", "-t", "ext4", "-L", "sixteen-letters!"]),
    "ext4 without journal": (8, ["mke2fs", "-q", "-t", "ext4", "-O", "^has_journal"]),
    "jbd": (8, ["mke2fs", "-q", "-O", "journal_dev", "-L", "log"]),
    "fat12": (2, ["mkfs.vfat", "-F", "12", "-n", "FLOPPY", "-i", "1234ABCD"]),
    "fat16": (20, ["mkfs.vfat", "-F", "16", "-n", "SIXTEEN"]),
    "fat32": (40, ["mkfs.vfat", "-F", "32", "-n", "EFI SYSTEM"]),
    "fat without label": (40, ["mkfs.vfat", "-F", "32"]),
    "exfat": (8, ["mkfs.exfat", "-L", "Gruesse"]),
    "xfs": (300, ["mkfs.xfs", "-q", "-f", "-L", "twelve-chars"]),
    "btrfs": (128, ["mkfs.btrfs", "-q", "-L", "a tree of trees"]),
    "swap": (1, ["mkswap", "-q", "-L", "pages", "-U", UUID]),
    "swap of large pages": (1, ["mkswap", "-q", "-p", "65536"]),
}


@pytest.mark.parametrize("format", FORMATS)
def test_file_systems_are_recognised_as_blkid_does(blkid, tool, image, format: str) -> None:
    megabytes, command = FORMATS[format]
    path = image(megabytes)
    tool(*command, path)
    assert probe(path) == blkid(path)
    assert blkid(path)[0]


def test_squashfs_is_recognised_as_blkid_does(blkid, tool, tmp_path) -> None:
    (tmp_path / "tree").mkdir()
    tool("mksquashfs", tmp_path / "tree", tmp_path / "image", "-quiet", "-no-progress")
    assert probe(tmp_path / "image") == blkid(tmp_path / "image") == ("squashfs", None, None)


@pytest.mark.parametrize("options", [["-V", "INSTALL_CD"], ["-J", "-V", "Install Cd"], ["-J", "-V", "A" * 30]])
def test_cd_images_are_recognised_as_blkid_does(blkid, tool, tmp_path, options: list[str]) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/file").write_text("content")
    tool("genisoimage", "-quiet", *options, "-o", tmp_path / "image", tmp_path / "tree")
    found = probe(tmp_path / "image")
    assert found == blkid(tmp_path / "image")
    assert found
    assert found[0] == "iso9660"
    assert found[1]


@pytest.mark.parametrize("version", ["luks1", "luks2"])
def test_encrypted_containers_are_recognised_as_blkid_does(blkid, tool, image, tmp_path, version: str) -> None:
    path = image(20)
    (tmp_path / "key").write_text("not much of a secret")
    label = ["--label", "vault"] if version == "luks2" else []
    command = ["cryptsetup", "luksFormat", "-q", "--type", version, "--pbkdf", "pbkdf2", "--pbkdf-force-iterations",
               "1000", "--uuid", UUID, *label, path, tmp_path / "key"]  # fmt: skip
    tool(*command)
    assert probe(path) == blkid(path) == ("crypto_LUKS", UUID, "vault" if label else None)


def test_a_physical_volume_is_recognised_as_blkid_does(blkid, tool, image, tmp_path) -> None:
    if os.geteuid() != 0:
        pytest.skip("loop devices need root")
    path = image(20)
    device = tool("losetup", "-f", "--show", path).strip()
    try:
        tool("pvcreate", "-q", "--config", f'devices {{ dir="/dev" filter=["a|{device}|","r|.*|"] use_devicesfile=0 }}',
            device)  # fmt: skip
    finally:
        tool("losetup", "-d", device)
    found = probe(path)
    assert found == blkid(path)
    assert found
    assert found[0] == "LVM2_member"
    assert found[1]


# What mdadm writes it writes to block devices of a kernel that has md; here as mdadm(8) and linux/raid/md_p.h have it.
RAID = bytes.fromhex("fc4e2ba9 01000000 00000000 00000000") + bytes(range(1, 17)) + b"host:0".ljust(32, b"\0")


@pytest.mark.parametrize(("version", "place"), [("1.0", 8 * MIB - 8192), ("1.1", 0), ("1.2", 4096)])
def test_members_of_arrays_are_recognised_as_blkid_does(blkid, image, version: str, place: int) -> None:
    path = image(8)
    block = bytearray(RAID.ljust(4096, b"\0"))
    block[144:152] = (place >> 9).to_bytes(8, "little")
    block[216:220] = _checksum(block).to_bytes(4, "little")
    with path.open("r+b") as file:
        file.seek(place)
        file.write(block)
    assert probe(path) == ("linux_raid_member", "01020304-0506-0708-090a-0b0c0d0e0f10", "host:0"), version
    assert blkid(path)[:2] == ("linux_raid_member", "01020304-0506-0708-090a-0b0c0d0e0f10")


def _checksum(block: bytearray) -> int:
    """calc_sb_1_csum() of drivers/md/md.c, for no members."""
    total = sum(int.from_bytes(block[place : place + 4], "little") for place in range(0, 256, 4) if place != 216)
    return ((total & 0xFFFFFFFF) + (total >> 32)) & 0xFFFFFFFF


def test_the_old_superblock_of_arrays_is_recognised_as_blkid_does(blkid, image) -> None:
    path = image(8)
    words = [0] * 1024
    words[:5] = [0xA92B4EFC, 0, 90, 0, 0]
    words[5], words[13], words[14], words[15] = 0x11223344, 0x55667788, 0x99AABBCC, 0xDDEEFF00
    with path.open("r+b") as file:
        file.seek(8 * MIB - 0x10000)
        file.write(b"".join(word.to_bytes(4, "little") for word in words))
    assert probe(path) == blkid(path) == ("linux_raid_member", "11223344-5566-7788-99aa-bbccddeeff00", None)


def test_an_array_member_comes_before_the_file_system_that_shows_through(tool, image) -> None:
    path = image(8)
    tool("mke2fs", "-q", "-t", "ext4", path)
    block = bytearray(RAID.ljust(4096, b"\0"))
    block[144:152] = ((8 * MIB - 8192) >> 9).to_bytes(8, "little")
    with path.open("r+b") as file:
        file.seek(8 * MIB - 8192)
        file.write(block)
    found = probe(path)
    assert found
    assert found[0] == "linux_raid_member"


def test_two_file_systems_in_one_place_are_told_as_none(blkid, tool, image) -> None:
    path = image(128)
    tool("mkfs.btrfs", "-q", path)
    tool("mke2fs", "-q", "-t", "ext4", path)
    assert probe(path) == blkid(path)
    with path.open("r+b") as file:
        file.write(b"XFSB".ljust(102, b"\0") + b"\x02\x00")
    assert probe(path) is None


def test_a_disk_with_partitions_or_nothing_has_no_type(tool, image) -> None:
    path = image(8)
    assert probe(path) is None
    tool("sfdisk", "-q", path, input="label: dos\n2048,4096,83\n")
    assert probe(path) is None
    tool("sfdisk", "-q", path, input="label: gpt\n2048,4096,L\n")
    assert probe(path) is None


def test_labels_are_not_only_ascii(image, tool) -> None:
    path = image(8)
    tool("mkfs.exfat", "-L", "Grüße", path)
    found = probe(path)
    assert found
    assert found[2] == "Grüße"


def test_ntfs_is_told_by_its_boot_sector_and_the_record_of_the_volume() -> None:
    boot = bytearray(512)
    boot[3:11] = b"NTFS    "
    boot[11:13], boot[13], boot[48:56], boot[64] = b"\0\x02", 8, (2).to_bytes(8, "little"), 0xF6  # 1 KiB records
    boot[72:80] = bytes.fromhex("efcdab8967452301")
    name = "Système".encode("utf-16-le")
    record = bytearray(1024)
    record[:4], record[20:22] = b"FILE", (56).to_bytes(2, "little")
    attribute = (0x60).to_bytes(4, "little") + (24 + 16).to_bytes(4, "little") + bytes(8)
    attribute += len(name).to_bytes(4, "little") + (24).to_bytes(2, "little") + bytes(2) + name
    record[56 : 56 + len(attribute)] = attribute
    data = bytes(boot).ljust(2 * 4096 + 3 * 1024, b"\0") + bytes(record)
    assert superblock.probe(of(data)) == ("ntfs", "0123456789ABCDEF", "Système")


def test_f2fs_and_erofs_are_told_by_their_superblocks() -> None:
    uuid = bytes(range(1, 17))
    text = "01020304-0506-0708-090a-0b0c0d0e0f10"
    f2fs = bytes(1024) + (0xF2F52010).to_bytes(4, "little") + bytes(104) + uuid + "phone".encode("utf-16-le")
    assert superblock.probe(of(f2fs.ljust(8192, b"\0"))) == ("f2fs", text, "phone")
    erofs = bytes(1024) + (0xE0F5E1E2).to_bytes(4, "little") + bytes(44) + uuid + b"system"
    assert superblock.probe(of(erofs.ljust(8192, b"\0"))) == ("erofs", text, "system")


def of(data: bytes) -> Disk:
    return Disk(lambda place, length: data[place : place + length], len(data))


MAGIC = {
    0: [b"LUKS\xba\xbe\0\x01", b"LUKS\xba\xbe\0\x02", b"XFSB", b"hsqs", RAID, b"\xeb\x58\x90MSWIN4.1\0\x02"],
    3: [b"NTFS    ", b"EXFAT   ", b"-FVE-FS-"],
    54: [b"FAT16   "],
    82: [b"FAT32   "],
    512: [b"LABELONE" + (1).to_bytes(8, "little") + b"....    LVM2 001"],
    1024: [(0xF2F52010).to_bytes(4, "little"), (0xE0F5E1E2).to_bytes(4, "little")],
    1080: [b"\x53\xef"],
    4086: [b"SWAPSPACE2"],
    0x8001: [b"CD001\x01"],
    0x10040: [b"_BHRfS_M"],
}


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_bytes_are_probed_without_an_error(data) -> None:
    size = data.draw(st.sampled_from([0, 1, 511, 512, 1100, 5000, 70_000, 140_000]))
    block = bytearray(size)
    for place, magics in MAGIC.items():
        if data.draw(st.booleans()):
            magic = data.draw(st.sampled_from(magics))
            noise = data.draw(st.binary(max_size=200))
            block[place : place + len(magic) + len(noise)] = magic + noise
    found = superblock.probe(of(bytes(block[:size])))
    if found:
        for text in found:
            assert text is None or text.encode()


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=600))
def test_a_boot_sector_of_any_content_is_probed_without_an_error(noise: bytes) -> None:
    for magic, place in ((b"NTFS    ", 3), (b"EXFAT   ", 3), (b"FAT16   ", 54), (b"FAT32   ", 82)):
        block = bytearray(noise.ljust(600, b"\xff") * 200)
        block[place : place + 8] = magic
        superblock.probe(of(bytes(block)))
