"""Attributes of devices as an image may hold them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.linux import blockdevices
from leadline.linux.blockdevices import Device

ATTRIBUTES = ("size", "queue/logical_block_size", "device/model", "device/wwid", "dm/uuid", "partition")
TEXT = st.binary(max_size=30) | st.sampled_from([b"1\n", b"9" * 30, b"CRYPT", b"CRYPT-", b"CRYPT-LUKS2", b"\xff\0x"])


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from(ATTRIBUTES), TEXT), TEXT)
def test_attributes_of_any_content_are_read_without_an_error(tmp_path_factory, attributes, number: bytes) -> None:
    root = tmp_path_factory.mktemp("root")
    for name, content in {**attributes, "dev": number}.items():
        path = root / "sys/class/block/sda" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    known = blockdevices.devices(str(root))
    for device in known.values():
        size = blockdevices.size(device)
        assert size is None or 0 <= size < 1 << 63
        blockdevices.block_size(device, known)
        for text in blockdevices.identity(str(root), device, known):
            assert text is None or text.encode() is not None
        assert blockdevices.mapping(device) in (None, "LUKS2")
        assert blockdevices.content(str(root), device) == (None, None, None)


@given(st.binary(max_size=200))
def test_what_udev_noted_is_read_without_an_error(tmp_path_factory, data: bytes) -> None:
    root = tmp_path_factory.getbasetemp() / "udev"
    (root / "run/udev/data").mkdir(parents=True, exist_ok=True)
    (root / "run/udev/data/b8:0").write_bytes(data)
    for key, value in blockdevices.udev(str(root), "8:0").items():
        assert (key + value).encode() is not None


def test_a_device_that_is_not_the_one_sysfs_tells_of_is_not_read() -> None:
    other = Device("/dev/null", "/sys/class/block/null", "8:0", [])
    assert blockdevices.content("", other) == (None, None, None)


def test_a_disk_that_cannot_be_read_holds_nothing(tmp_path: Path) -> None:
    handle = os.open(tmp_path, os.O_RDONLY)
    try:
        disk = blockdevices.disk(handle)
        assert disk.at(0, 10) == b""
        assert disk.at(-1, 10) == b""
        assert disk.at(1 << 80, 10) == b""
    finally:
        os.close(handle)


@pytest.mark.parametrize("place", [0, 5, 100])
def test_numbers_outside_of_a_disk_are_zero(tmp_path: Path, place: int) -> None:
    (tmp_path / "short").write_bytes(b"\1\2\3")
    handle = os.open(tmp_path / "short", os.O_RDONLY)
    try:
        assert blockdevices.disk(handle).number(place, 4) == (0x030201 if place == 0 else 0)
    finally:
        os.close(handle)
