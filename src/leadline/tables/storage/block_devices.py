"""The block_devices table."""

from __future__ import annotations

from leadline.linux import blockdevices
from leadline.sql.schema import BIGINT, INTEGER, LINUX, TEXT, Column, Query, Rows, table


@table(
    "block_devices",
    Column("name", TEXT, "Path of the device, such as `/dev/sda1`.", index=True),
    Column("parent", TEXT, "Disk of a partition, or first device that a mapping or an array is made of."),
    Column("vendor", TEXT, "Vendor of the disk."),
    Column("model", TEXT, "Model of the disk."),
    Column("serial", TEXT, "Serial number or world-wide name of the disk."),
    Column("size", BIGINT, "Size in units of 512 bytes."),
    Column("block_size", INTEGER, "Bytes in a logical block of the device."),
    Column("uuid", TEXT, "UUID or serial number of what lies on it.", collate="nocase"),
    Column("type", TEXT, "What lies on it, as blkid(8) names it: `ext4`, `crypto_LUKS`, `LVM2_member`, `swap`."),
    Column("label", TEXT, "Label of what lies on it."),
    platforms=LINUX,
    examples=[
        "SELECT name, type, label, size * 512 AS bytes FROM block_devices WHERE size > 0",
        "SELECT name, parent FROM block_devices WHERE type = 'crypto_LUKS'",
    ],
    notes=(
        "From /sys/class/block. The last three columns are read from the device itself, which needs root; otherwise"
        " they are what udev noted when the device appeared. Vendor, model and serial number are also those of the"
        " disk below. Under another root only regular files in place of devices are read."
    ),
)
def block_devices(query: Query) -> Rows:
    """Disks, their partitions, and the devices mapped onto them."""
    root, wanted = query.root, query.equals("name")
    known = blockdevices.devices(root)
    for name, device in known.items():
        if wanted is not None and name not in wanted:
            continue
        if query.cancelled():
            return
        vendor, model, serial = (
            blockdevices.identity(root, device, known)
            if query.uses("vendor", "model", "serial")
            else (None, None, None)
        )
        type, uuid, label = (
            blockdevices.content(root, device) if query.uses("uuid", "type", "label") else (None, None, None)
        )
        yield (
            name, device.parents[0] if device.parents else None, vendor, model, serial, blockdevices.size(device),
            blockdevices.block_size(device, known), uuid, type, label,
        )  # fmt: skip
