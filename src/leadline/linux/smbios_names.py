"""The words that SMBIOS has for its numbers. Source: DMTF DSP0134 3.7; wording as osquery prints it."""

from __future__ import annotations

TYPES = {
    0: "BIOS Information",
    1: "System Information",
    2: "Base Board or Module Information",
    3: "System Enclosure or Chassis",
    4: "Processor Information",
    5: "Memory Controller Information",
    6: "Memory Module Information",
    7: "Cache Information",
    8: "Port Connector Information",
    9: "System Slots",
    10: "On Board Devices Information",
    11: "OEM Strings",
    12: "System Configuration Options",
    13: "BIOS Language Information",
    14: "Group Associations",
    15: "System Event Log",
    16: "Physical Memory Array",
    17: "Memory Device",
    18: "32-bit Memory Error Information",
    19: "Memory Array Mapped Address",
    20: "Memory Device Mapped Address",
    21: "Built-in Pointing Device",
    22: "Portable Battery",
    23: "System Reset",
    24: "Hardware Security",
    25: "System Power Controls",
    26: "Voltage Probe",
    27: "Cooling Device",
    28: "Temperature Probe",
    29: "Electrical Current Probe",
    30: "Out-of-Band Remote Access",
    31: "Boot Integrity Services",
    32: "System Boot Information",
    33: "64-bit Memory Error Information",
    34: "Management Device",
    35: "Management Device Component",
    36: "Management Device Threshold Data",
    37: "Memory Channel",
    38: "IPMI Device Information",
    39: "System Power Supply",
    40: "Additional Information",
    41: "Onboard Devices Extended Info",
    42: "Management Controller Host Interface",
    43: "TPM Device",
    44: "Processor Additional Information",
    45: "Firmware Inventory Information",
    46: "String Property",
    126: "Inactive",
    127: "End-of-Table",
    130: "Memory SPD Data",
    131: "OEM Processor Type",
    132: "OEM Processor Bus Speed",
}  # fmt: skip

# Section 7.5.1: kinds of processors that get a device id.
PROCESSORS = {3: "CPU", 4: "MATH", 5: "DSP", 6: "GPU"}

# Section 7.18.1
FORM_FACTORS = dict(
    enumerate(
        (
            "Other", "Unknown", "SIMM", "SIP", "Chip", "DIP", "ZIP", "Proprietary Card", "DIMM", "TSOP", "Row of chips",
            "RIMM", "SODIMM", "SRIMM", "FB-DIMM", "Die", "CAMM",
        ),
        1,
    )
)  # fmt: skip

# Section 7.18.2
MEMORY_TYPES = dict(
    enumerate(
        (
            "Other", "Unknown", "DRAM", "EDRAM", "VRAM", "SRAM", "RAM", "ROM", "FLASH", "EEPROM", "FEPROM", "EPROM",
            "CDRAM", "3DRAM", "SDRAM", "SGRAM", "RDRAM", "DDR", "DDR2", "DDR2 FB-DIMM", "RESERVED", "RESERVED",
            "RESERVED", "DDR3", "FBD2", "DDR4", "LPDDR", "LPDDR2", "LPDDR3", "LPDDR4", "Logical non-volatile device",
            "HBM", "HBM2", "DDR5", "LPDDR5", "HBM3",
        ),
        1,
    )
)  # fmt: skip

# Section 7.18.3, by bit
MEMORY_DETAILS = (
    "Reserved", "Other", "Unknown", "Fast-paged", "Static column", "Pseudo-static", "RAMBUS", "Synchronous", "CMOS",
    "EDO", "Window DRAM", "Cache DRAM", "Non-volatile", "Registered (Buffered)", "Unbuffered (Unregistered)", "LRDIMM",
)  # fmt: skip

# Section 7.17.1
ARRAY_LOCATIONS = {
    **dict(
        enumerate(
            (
                "Other", "Unknown", "System board or motherboard", "ISA add-on card", "EISA add-on card",
                "PCI add-on card", "MCA add-on card", "PCMCIA add-on card", "Proprietary add-on card", "NuBus",
            ),
            1,
        )
    ),
    0xA0: "PC-98/C20 add-on card",
    0xA1: "PC-98/C24 add-on card",
    0xA2: "PC-98/E add-on card",
    0xA3: "PC-98/Local bus add-on card",
    0xA4: "CXL add-on card",
}  # fmt: skip

# Section 7.17.2
ARRAY_USES = {
    1: "Other", 2: "Unknown", 3: "System memory", 4: "Video memory", 5: "Flash memory", 6: "Non-volatile RAM",
    7: "Cache memory",
}  # fmt: skip

# Section 7.17.3
ERROR_CORRECTIONS = {
    1: "Other", 2: "Unknown", 3: "none", 4: "Parity", 5: "Single-bit ECC", 6: "Multi-bit ECC", 7: "CRC",
}  # fmt: skip

# Sections 7.19.1 to 7.19.3
ERROR_TYPES = dict(
    enumerate(
        (
            "Other", "Unknown", "OK", "Bad read", "Parity error", "Single-bit error", "Double-bit error",
            "Multi-bit error", "Nibble error", "Checksum error", "CRC error", "Corrected single-bit error",
            "Corrected error", "Uncorrectable error",
        ),
        1,
    )
)  # fmt: skip
ERROR_GRANULARITIES = {1: "Other", 2: "Unknown", 3: "Device level", 4: "Memory partition level"}
ERROR_OPERATIONS = {1: "Other", 2: "Unknown", 3: "Read", 4: "Write", 5: "Partial write"}


def name(names: dict[int, str], number: int | None) -> str | None:
    """The word for a number; None for one that has none, and for None."""
    return None if number is None else names.get(number)


def memory_details(bits: int | None) -> str | None:
    """The words for the set bits, from the lowest, separated by spaces; None for None."""
    if bits is None:
        return None
    return " ".join(word for bit, word in enumerate(MEMORY_DETAILS) if bits >> bit & 1)
