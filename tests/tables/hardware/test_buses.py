"""pci_devices and usb_devices: trees as sysfs has them, and lspci as the oracle."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Ask = Callable[..., list[dict[str, Any]]]
Tree = Callable[[dict[str, str | bytes]], str]

PCI_IDS = """\
1af4  Acme Virtual, Inc.
\t1041  Virtio network device
\t\t1af4 0001  Acme card
8086  Acme Silicon
\t0d57  Host bridge of Acme
C 02  Network controller
\t00  Ethernet controller
C 06  Bridge
\t00  Host bridge
"""
USB_IDS = """\
1d6b  Linux Foundation
\t0003  3.0 root hub
C 09  Hub
"""
BRIDGE = "PCI_CLASS=60000\nPCI_ID=8086:0D57\nPCI_SUBSYS_ID=0000:0000\nPCI_SLOT_NAME=0000:00:00.0\nMODALIAS=pci:v0\n"
NETWORK = "DRIVER=virtio-pci\nPCI_CLASS=20000\nPCI_ID=1AF4:1041\nPCI_SUBSYS_ID=1AF4:0001\nPCI_SLOT_NAME=0000:00:03.0\n"


def pci(contents: dict[str, str], names: str | None = PCI_IDS) -> dict[str, str | bytes]:
    found: dict[str, str | bytes] = {f"sys/bus/pci/devices/{name}": text for name, text in contents.items()}
    return found if names is None else {**found, "usr/share/misc/pci.ids": names}


def test_pci_devices_has_ids_names_and_drivers(ask: Ask, tree: Tree) -> None:
    root = tree(pci({"0000:00:00.0/uevent": BRIDGE, "0000:00:03.0/uevent": NETWORK}))
    bridge, network = ask("SELECT * FROM pci_devices", root)
    assert bridge == {
        "pci_slot": "0000:00:00.0",
        "pci_class": "Bridge",
        "driver": None,
        "vendor": "Acme Silicon",
        "vendor_id": "0x8086",
        "model": "Host bridge of Acme",
        "model_id": "0x0d57",
        "pci_class_id": "0x06",
        "pci_subclass_id": "0x00",
        "pci_subclass": "Host bridge",
        "subsystem_vendor_id": "0x0000",
        "subsystem_vendor": None,
        "subsystem_model_id": "0x0000",
        "subsystem_model": None,
    }
    assert network == {
        "pci_slot": "0000:00:03.0",
        "pci_class": "Network controller",
        "driver": "virtio-pci",
        "vendor": "Acme Virtual, Inc.",
        "vendor_id": "0x1af4",
        "model": "Virtio network device",
        "model_id": "0x1041",
        "pci_class_id": "0x02",
        "pci_subclass_id": "0x00",
        "pci_subclass": "Ethernet controller",
        "subsystem_vendor_id": "0x1af4",
        "subsystem_vendor": "Acme Virtual, Inc.",
        "subsystem_model_id": "0x0001",
        "subsystem_model": "Acme card",
    }


def test_pci_devices_does_without_names(ask: Ask, tree: Tree) -> None:
    root = tree(pci({"0000:00:00.0/uevent": BRIDGE}, names=None))
    sql = "SELECT vendor, vendor_id, pci_class, pci_class_id FROM pci_devices"
    assert ask(sql, root) == [{"vendor": None, "vendor_id": "0x8086", "pci_class": None, "pci_class_id": "0x06"}]


def test_pci_devices_takes_names_from_udev(ask: Ask, tree: Tree) -> None:
    record = (
        "I:1\nE:ID_PCI_CLASS_FROM_DATABASE=Bridge\nE:ID_PCI_SUBCLASS_FROM_DATABASE=Host bridge\n"
        "E:ID_VENDOR_FROM_DATABASE=Intel Corporation\nE:ID_MODEL_FROM_DATABASE=Xeon\nG:systemd\nV:1\n"
    )
    root = tree({**pci({"0000:00:00.0/uevent": BRIDGE}, names=None), "run/udev/data/+pci:0000:00:00.0": record})
    assert ask("SELECT pci_class, pci_subclass, vendor, model FROM pci_devices", root) == [
        {"pci_class": "Bridge", "pci_subclass": "Host bridge", "vendor": "Intel Corporation", "model": "Xeon"}
    ]


def test_pci_devices_reads_single_files_where_uevent_is_not_enough(ask: Ask, tree: Tree) -> None:
    files = {"vendor": "0x1af4", "device": "0x1041", "class": "0x020000", "subsystem_vendor": "junk", "uevent": "X=1"}
    root = tree(pci({f"0000:00:03.0/{name}": f"{text}\n" for name, text in files.items()}))
    driver = Path(root) / "sys/bus/pci/devices/0000:00:03.0/driver"
    driver.symlink_to("../../../bus/pci/drivers/virtio-pci")
    assert ask("SELECT pci_slot, driver, model, pci_subclass, subsystem_vendor_id FROM pci_devices", root) == [
        {
            "pci_slot": "0000:00:03.0",
            "driver": "virtio-pci",
            "model": "Virtio network device",
            "pci_subclass": "Ethernet controller",
            "subsystem_vendor_id": None,
        }
    ]


@pytest.mark.parametrize("uevent", ["", "PCI_ID=\n", "PCI_ID=8086\nPCI_CLASS=\n", "PCI_ID=8086:0D57:1\nPCI_CLASS=G\n"])
def test_pci_devices_with_broken_properties_are_listed(ask: Ask, tree: Tree, uevent: str) -> None:
    rows = ask("SELECT pci_slot, vendor_id, pci_class_id FROM pci_devices", tree(pci({"0000:00:00.0/uevent": uevent})))
    assert rows == [{"pci_slot": "0000:00:00.0", "vendor_id": None, "pci_class_id": None}]


def lspci(*options: str) -> list[dict[str, str]]:
    """What lspci tells of each device, by its names for the fields."""
    program = shutil.which("lspci", path="/usr/bin:/sbin:/usr/sbin")
    if program is None:
        pytest.skip("lspci is not installed")
    done = subprocess.run([program, "-vmmD", *options], capture_output=True, text=True, check=True)
    blocks = [block for block in done.stdout.strip().split("\n\n") if block]
    return [dict(line.split(":\t", 1) for line in block.split("\n")) for block in blocks]


def test_pci_devices_of_this_machine_are_those_of_lspci(live: Ask) -> None:
    sql = (
        "SELECT pci_slot, substr(pci_class_id, 3) || substr(pci_subclass_id, 3), substr(vendor_id, 3),"
        " substr(model_id, 3), driver FROM pci_devices ORDER BY pci_slot"
    )
    assert [tuple(row.values()) for row in live(sql)] == [
        (one["Slot"], one["Class"], one["Vendor"], one["Device"], one.get("Driver")) for one in lspci("-n", "-k")
    ]


def test_names_of_this_machine_are_those_of_lspci(live: Ask) -> None:
    for row, one in zip(live("SELECT * FROM pci_devices ORDER BY pci_slot"), lspci(), strict=True):
        assert row["vendor"] == one["Vendor"]
        assert row["model"] == (None if one["Device"].startswith("Device ") else one["Device"])
        assert row["subsystem_vendor"] == one.get("SVendor")
        assert row["pci_subclass"] in (one["Class"], None)


def test_names_of_many_cards_are_those_of_lspci(ask: Ask, tree: Tree) -> None:
    path = Path("/usr/share/misc/pci.ids")
    if not path.exists():
        pytest.skip("pci.ids is not installed")
    cards = some_cards(path.read_text("utf-8"))
    contents: dict[str, str | bytes] = {"usr/share/misc/pci.ids": path.read_bytes()}
    for number, card in enumerate(cards):
        folder = f"sys/bus/pci/devices/0000:{number >> 5:02x}:{number & 31:02x}.0"
        names = ("vendor", "device", "subsystem_vendor", "subsystem_device")
        contents |= {f"{folder}/{name}": f"0x{id}\n" for name, id in zip(names, card, strict=True)}
        contents |= {f"{folder}/{name}": "0x000000\n" for name in ("class", "irq", "resource")}
        words = [int(id, 16) for id in card]
        contents[f"{folder}/config"] = struct.pack("<HH40xHH16x", *words)  # lspci has no other place for the card
    root = tree(contents)
    told = lspci("-A", "linux-sysfs", "-O", f"sysfs.path={root}/sys/bus/pci", "-O", "hwdb.disable=1")
    assert len(told) == len(cards) > 50
    for row, one in zip(ask("SELECT * FROM pci_devices", root), told, strict=True):
        assert (row["pci_slot"], row["vendor"], row["model"]) == (one["Slot"], one["Vendor"], one["Device"])
        if row["subsystem_vendor_id"] not in ("0x0000", "0xffff"):  # to lspci those are no cards
            assert (row["subsystem_vendor"], row["subsystem_model"]) == (one["SVendor"], one["SDevice"])


def some_cards(text: str) -> list[tuple[str, str, str, str]]:
    """Every 150th of the cards in pci.ids: the ids of vendor, device, card's vendor and card."""
    found, vendor, device = [], "", ""
    for line in text.split("\nC 00 ")[0].split("\n"):
        match = re.match(r"(\t*)([0-9a-f]{4})(?: ([0-9a-f]{4}))?  ", line)
        if match and match[3]:
            found.append((vendor, device, match[2], match[3]))
        elif match and match[1]:
            device = match[2]
        elif match:
            vendor = match[2]
    return found[::150]


HUB = (
    "MAJOR=189\nMINOR=0\nDEVNAME=bus/usb/001/001\nDEVTYPE=usb_device\nDRIVER=usb\nPRODUCT=1d6b/3/602\nTYPE=9/0/3\n"
    "BUSNUM=001\nDEVNUM=001\n"
)
STICK = "MAJOR=189\nMINOR=4\nDEVTYPE=usb_device\nPRODUCT=abcd/1234/100\nTYPE=0/0/0\nBUSNUM=001\nDEVNUM=005\n"
INTERFACE = "DEVTYPE=usb_interface\nDRIVER=hub\nPRODUCT=1d6b/3/602\nTYPE=9/0/3\nINTERFACE=9/0/0\n"


def usb(contents: dict[str, str]) -> dict[str, str | bytes]:
    return {f"sys/bus/usb/devices/{name}": text for name, text in contents.items()}


def test_usb_devices_has_what_udev_knows(ask: Ask, tree: Tree) -> None:
    record = (
        "E:ID_BUS=usb\nE:ID_VENDOR_ID=1d6b\nE:ID_VENDOR_FROM_DATABASE=Linux Foundation\nE:ID_MODEL_ID=0003\n"
        "E:ID_MODEL=xHCI_Host_Controller\nE:ID_MODEL_FROM_DATABASE=3.0 root hub\nE:ID_REVISION=0602\n"
        "E:ID_SERIAL_SHORT=0000:00:14.0\n"
    )
    files = {"usb1/uevent": HUB, "usb1/removable": "unknown\n", "1-0:1.0/uevent": INTERFACE}
    assert ask("SELECT * FROM usb_devices", tree({**usb(files), "run/udev/data/c189:0": record})) == [
        {
            "usb_address": 1,
            "usb_port": 1,
            "vendor": "Linux Foundation",
            "vendor_id": "1d6b",
            "version": "0602",
            "model": "3.0 root hub",
            "model_id": "0003",
            "serial": "0000:00:14.0",
            "class": "9",
            "subclass": "0",
            "protocol": "3",
            "removable": -1,
        }
    ]


def test_usb_devices_does_without_udev(ask: Ask, tree: Tree) -> None:
    stick = {
        "uevent": STICK, "idVendor": "abcd\n", "idProduct": "1234\n", "bcdDevice": "0100\n", "manufacturer": "Acme \n",
        "product": "Flash\xffDisk\n", "serial": "0123456789ABCDEF\n", "removable": "removable\n",
    }  # fmt: skip
    hub = {"uevent": HUB, "idVendor": "1d6b\n", "idProduct": "0003\n", "removable": "fixed\n"}
    files = {f"1-2/{name}": text for name, text in stick.items()} | {f"usb1/{name}": text for name, text in hub.items()}
    rows = ask("SELECT * FROM usb_devices", tree({**usb(files), "usr/share/hwdata/usb.ids": USB_IDS}))
    assert [tuple(row.values()) for row in rows] == [
        (1, 5, "Acme", "abcd", "0100", "FlashÿDisk", "1234", "0123456789ABCDEF", "0", "0", "0", 1),
        (1, 1, "Linux Foundation", "1d6b", None, "3.0 root hub", "0003", None, "9", "0", "3", 0),
    ]


def test_usb_devices_reads_single_files_where_uevent_is_missing(ask: Ask, tree: Tree) -> None:
    files = {
        "busnum": "2\n", "devnum": "17\n", "idVendor": "abcd\n", "idProduct": "1234\n", "bDeviceClass": "ef\n",
        "bDeviceSubClass": "02\n", "bDeviceProtocol": "01\n",
    }  # fmt: skip
    [row] = ask("SELECT * FROM usb_devices", tree(usb({f"2-1/{name}": text for name, text in files.items()})))
    names = ("usb_address", "usb_port", "vendor_id", "class", "subclass", "protocol", "removable")
    assert [row[name] for name in names] == [2, 17, "abcd", "239", "2", "1", -1]


@pytest.mark.parametrize("uevent", ["", "BUSNUM=x\nDEVNUM=1\n", "BUSNUM=99999999999\nDEVNUM=1\n", "BUSNUM=\0\n=\n"])
def test_usb_devices_without_numbers_are_no_devices(ask: Ask, tree: Tree, uevent: str) -> None:
    assert ask("SELECT * FROM usb_devices", tree(usb({"1-1/uevent": uevent}))) == []


def test_usb_devices_of_this_machine_are_those_of_its_buses(live: Ask) -> None:
    files = Path("/sys/bus/usb/devices").glob("*/busnum")
    assert len(live("SELECT * FROM usb_devices")) == len(list(files))
