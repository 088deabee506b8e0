"""The hardware_events table."""

from __future__ import annotations

from leadline.sql.schema import BIGINT, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.events import stored


@table(
    "hardware_events",
    Column("action", TEXT, "add, remove, change and so on."),
    Column("path", TEXT, "Path of the device below /sys."),
    Column("type", TEXT, "Type of the device."),
    Column("driver", TEXT, "Driver that handles it."),
    Column("vendor", TEXT, "Name of the vendor."),
    Column("vendor_id", TEXT, "Id of the vendor, hexadecimal.", collate="nocase"),
    Column("model", TEXT, "Name of the model."),
    Column("model_id", TEXT, "Id of the model, hexadecimal.", collate="nocase"),
    Column("serial", TEXT, "Serial number."),
    Column("revision", TEXT, "Revision of the hardware."),
    Column("time", BIGINT, "When it happened, in seconds since 1970.", additional=True),
    Column("eid", TEXT, "Number of the event, growing by one with each of the table.", hidden=True),
    platforms=LINUX,
    events=True,
    examples=["SELECT time, action, vendor, model, serial FROM hardware_events WHERE type = 'usb_device'"],
    notes=(
        "Recorded by a running agent with --disable_events=false; without it there are no rows. Kept for "
        "events_expiry seconds."
    ),
)
def hardware_events(query: Query) -> Rows:
    """Devices that came, went or changed."""
    return stored.rows(query)
