"""The usb_devices table."""

from __future__ import annotations

from leadline.linux import hwids, sysdevices
from leadline.sql.schema import INTEGER, LINUX, TEXT, Column, Query, Rows, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.linux.sysdevices import Device

_REMOVABLE = {"removable": 1, "fixed": 0}


@table(
    "usb_devices",
    Column("usb_address", INTEGER, "Number of the bus."),
    Column("usb_port", INTEGER, "Number of the device on the bus."),
    Column("vendor", TEXT, "Name of the vendor."),
    Column("vendor_id", TEXT, "Id of the vendor, four hexadecimal digits.", collate="nocase"),
    Column("version", TEXT, "Release of the device, four decimal digits.", collate="version"),
    Column("model", TEXT, "Name of the device."),
    Column("model_id", TEXT, "Id of the device, four hexadecimal digits.", collate="nocase"),
    Column("serial", TEXT, "Serial number of the device."),
    Column("class", TEXT, "Number of the class; 0 when each interface has its own."),
    Column("subclass", TEXT, "Number of the subclass."),
    Column("protocol", TEXT, "Number of the protocol."),
    Column("removable", INTEGER, "1 when the device can be unplugged, 0 when it is built in, -1 when unknown."),
    platforms=LINUX,
    examples=[
        "SELECT vendor, model, serial FROM usb_devices WHERE class <> '9'",
        "SELECT vendor_id, model_id, count(*) AS devices FROM usb_devices GROUP BY vendor_id, model_id",
    ],
    notes=(
        "From /sys/bus/usb/devices and udev's database; names that udev does not know come from usb.ids, else from the"
        " device itself, which may say what it likes. Hubs, class 9, are devices too."
    ),
)
def usb_devices(query: Query) -> Rows:
    """Devices on the USB buses."""
    names = hwids.Names(query.root, "usb", query.uses("vendor", "model"))
    for device in sysdevices.devices(query.root, "usb"):
        if query.cancelled():
            return
        bus, number = _number(device, "BUSNUM", "busnum"), _number(device, "DEVNUM", "devnum")
        if bus is None or number is None:
            continue  # an interface, which is part of a device
        vendor = device.udev("ID_VENDOR_ID") or device.hexadecimal("idVendor", 4)
        model = device.udev("ID_MODEL_ID") or device.hexadecimal("idProduct", 4)
        yield (
            bus,
            number,
            device.udev("ID_VENDOR_FROM_DATABASE")
            or (vendor and names.vendor(vendor))
            or device.attribute("manufacturer"),
            vendor,
            device.udev("ID_REVISION") or device.attribute("bcdDevice"),
            device.udev("ID_MODEL_FROM_DATABASE")
            or (vendor and model and names.device(vendor, model))
            or device.udev("ID_MODEL")
            or device.attribute("product"),
            model,
            device.udev("ID_SERIAL_SHORT") or device.attribute("serial"),
            *_class(device),
            _REMOVABLE.get(device.attribute("removable") or "", -1),
        )


def _number(device: Device, key: str, attribute: str) -> int | None:
    text = device.properties.get(key) or device.attribute(attribute) or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def _class(device: Device) -> tuple[str | None, str | None, str | None]:
    """Class, subclass and protocol in decimal, as in uevent: `9/0/1`."""
    numbers = device.properties.get("TYPE", "").split("/")
    if len(numbers) == 3:
        return numbers[0], numbers[1], numbers[2]
    kind, subkind, protocol = (
        device.hexadecimal(name, 2) for name in ("bDeviceClass", "bDeviceSubClass", "bDeviceProtocol")
    )
    return _decimal(kind), _decimal(subkind), _decimal(protocol)


def _decimal(digits: str | None) -> str | None:
    return None if digits is None else str(int(digits, 16))
