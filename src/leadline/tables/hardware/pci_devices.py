"""The pci_devices table."""

from __future__ import annotations

from leadline.linux import hwids, sysdevices
from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.linux.hwids import Names
    from leadline.linux.sysdevices import Device

    Ids = tuple[str | None, str | None]

_NAMES = ("pci_class", "pci_subclass", "vendor", "model", "subsystem_vendor", "subsystem_model")


@table(
    "pci_devices",
    Column("pci_slot", TEXT, "Place of the device: domain, bus, device and function."),
    Column("pci_class", TEXT, "Name of the class."),
    Column("driver", TEXT, "Driver that has the device."),
    Column("vendor", TEXT, "Name of the vendor."),
    Column("vendor_id", TEXT, "Id of the vendor, hexadecimal.", collate="nocase"),
    Column("model", TEXT, "Name of the device."),
    Column("model_id", TEXT, "Id of the device, hexadecimal.", collate="nocase"),
    Column("pci_class_id", TEXT, "Id of the class, hexadecimal.", collate="nocase", platforms=LINUX),
    Column("pci_subclass_id", TEXT, "Id of the subclass, hexadecimal.", collate="nocase", platforms=LINUX),
    Column("pci_subclass", TEXT, "Name of the subclass.", platforms=LINUX),
    Column("subsystem_vendor_id", TEXT, "Id of the card's vendor, hexadecimal.", collate="nocase", platforms=LINUX),
    Column("subsystem_vendor", TEXT, "Name of the card's vendor.", platforms=LINUX),
    Column("subsystem_model_id", TEXT, "Id of the card, hexadecimal.", collate="nocase", platforms=LINUX),
    Column("subsystem_model", TEXT, "Name of the card.", platforms=LINUX),
    platforms=LINUX,
    examples=[
        "SELECT pci_slot, pci_subclass, vendor, model, driver FROM pci_devices",
        "SELECT pci_slot, vendor_id, model_id FROM pci_devices WHERE driver IS NULL",
    ],
    notes=(
        "Ids and drivers from /sys/bus/pci/devices; names from pci.ids (Debian's package pci.ids, elsewhere"
        " hwdata), else from udev's database. Without either the names are NULL."
    ),
)
def pci_devices(query: Query) -> Rows:
    """Devices on the PCI buses."""
    names = hwids.Names(query.root, "pci", query.uses(*_NAMES))
    for device in sysdevices.devices(query.root, "pci"):
        if query.cancelled():
            return
        kind, subkind = _class(device)
        vendor, model = _ids(device, "PCI_ID", "vendor", "device")
        subvendor, submodel = _ids(device, "PCI_SUBSYS_ID", "subsystem_vendor", "subsystem_device")
        yield (
            device.properties.get("PCI_SLOT_NAME") or device.name,
            device.udev("ID_PCI_CLASS_FROM_DATABASE") or (kind and names.kind(kind)),
            device.driver(),
            (vendor and names.vendor(vendor)) or device.udev("ID_VENDOR_FROM_DATABASE"),
            vendor and f"0x{vendor}",
            (vendor and model and names.device(vendor, model)) or device.udev("ID_MODEL_FROM_DATABASE"),
            model and f"0x{model}",
            kind and f"0x{kind}",
            subkind and f"0x{subkind}",
            device.udev("ID_PCI_SUBCLASS_FROM_DATABASE") or (kind and subkind and names.subkind(kind, subkind)),
            subvendor and f"0x{subvendor}",
            subvendor and names.vendor(subvendor),
            submodel and f"0x{submodel}",
            _card(names, (vendor, model), (subvendor, submodel)),
        )


def _ids(device: Device, key: str, vendor: str, model: str) -> Ids:
    """Vendor and model as four digits each, from `8086:0D57` in uevent or from files of their own."""
    first, colon, second = device.properties.get(key, "").lower().partition(":")
    if colon and _digits(first, 4) and _digits(second, 4):
        return first, second
    return device.hexadecimal(vendor, 4), device.hexadecimal(model, 4)


def _class(device: Device) -> Ids:
    """Class and subclass as two digits each; the kernel writes the number of three bytes without leading zeros."""
    number = device.properties.get("PCI_CLASS", "").lower()
    digits = number.zfill(6)
    if not number or not _digits(digits, 6):
        digits = device.hexadecimal("class", 6) or ""
    return (digits[:2], digits[2:4]) if digits else (None, None)


def _digits(text: str, count: int) -> bool:
    return len(text) == count and text.strip("0123456789abcdef") == ""


def _card(names: Names, device: Ids, card: Ids) -> str | None:
    (vendor, model), (subvendor, submodel) = device, card
    if vendor and model and subvendor and submodel:
        return names.subsystem(vendor, model, subvendor, submodel)
    return None
