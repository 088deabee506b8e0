"""The unique id of a machine."""

from __future__ import annotations

from leadline.linux import files, rooted, smbios

# Firmware that was never given an id of its own says one of these.
PLACEHOLDERS = frozenset(
    {
        "00000000-0000-0000-0000-000000000000",
        "03000200-0400-0500-0006-000700080009",
        "03020100-0504-0706-0809-0a0b0c0d0e0f",
        "10000000-0000-8000-0040-000000000000",
    }
)
_APPLICATION = bytes.fromhex("5a0a4a3f7d2c4f0e9b1d3c62d8f4710b")  # random; ours for machine-id(5) derivation


def hardware_uuid(root: str) -> str | None:
    """The id the firmware reports (SMBIOS type 1); None when it is unreadable or a known placeholder."""
    data = files.read(rooted.path(root, "/sys/class/dmi/id/product_uuid"), 256)
    text = (data or b"").split(b"\0", 1)[0].decode("ascii", "replace").strip() or smbios.uuid(root)
    return text if text and text.lower() not in PLACEHOLDERS else None


def host_uuid(root: str) -> str:
    """The firmware's id, else one derived from /etc/machine-id, else "".

    machine-id(5) asks programs not to show the id itself but a keyed hash, made here as
    sd_id128_get_machine_app_specific(3) does, so that the answer stays the same without being stored.
    """
    found = hardware_uuid(root)
    if found:
        return found
    text = (files.read(rooted.path(root, "/etc/machine-id"), 64) or b"").strip()
    try:
        machine = bytes.fromhex(text.decode("ascii"))
    except ValueError:
        return ""
    if len(machine) != 16:
        return ""
    import hmac

    digest = bytearray(hmac.digest(machine, _APPLICATION, "sha256")[:16])
    digest[6] = digest[6] & 0x0F | 0x40  # version 4
    digest[8] = digest[8] & 0x3F | 0x80  # RFC 9562 variant
    plain = digest.hex()
    return "-".join((plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]))
