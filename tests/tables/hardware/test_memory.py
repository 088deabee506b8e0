"""acpi_tables and memory_map, from files and on this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.linux import iomem

Ask = Callable[..., list[dict[str, Any]]]
Tree = Callable[[dict[str, str | bytes]], str]

TABLES = "/sys/firmware/acpi/tables"


def test_acpi_tables_has_the_tables_and_those_of_groups(ask: Ask, tree: Tree) -> None:
    contents = {"DSDT": b"DSDT" + bytes(40), "SSDT1": b"SSDT", "dynamic/SSDT5": b"SSDT\1", "data/BERT": b"\2" * 20_000}
    root = tree({f"{TABLES[1:]}/{name}": data for name, data in contents.items()})
    assert ask("SELECT * FROM acpi_tables ORDER BY name", root) == [
        {"name": name, "size": len(contents[name]), "md5": md5(contents[name]).hexdigest()} for name in sorted(contents)
    ]


def test_acpi_tables_are_not_what_only_looks_like_one(ask: Ask, tree: Tree, tmp_path: Path) -> None:
    root = tree({f"{TABLES[1:]}/DSDT": b"DSDT", "etc/secret": "outside"})
    os.mkfifo(tmp_path / TABLES[1:] / "PIPE")
    (tmp_path / TABLES[1:] / "LOOP").symlink_to("LOOP")
    (tmp_path / TABLES[1:] / "GONE").symlink_to("/nowhere")
    assert [row["name"] for row in ask("SELECT name FROM acpi_tables", root)] == ["DSDT"]


def test_acpi_tables_that_must_not_be_read_have_no_digest(tree: Tree) -> None:
    root = tree({f"{TABLES[1:]}/DSDT": b"DSDT"})
    Path(root, TABLES[1:], "DSDT").chmod(0)
    Path(root).chmod(0o755)
    program = (
        "import os; from leadline.linux import acpi; os.getuid() or os.setuid(65534); print(list(acpi.tables('.')))"
    )
    # Started in the root: the folders above are for the user of the tests alone.
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=root)
    assert done.stdout == "[('DSDT', None)]\n", done.stderr


def test_acpi_tables_of_this_machine_are_those_of_md5sum(live: Ask) -> None:
    files = sorted(str(path) for path in Path(TABLES).glob("*") if path.is_file())
    if not files or not os.access(files[0], os.R_OK):
        pytest.skip("this machine shows no ACPI tables, or this is not root")
    done = subprocess.run(["md5sum", *files], capture_output=True, text=True, check=True)
    told = sorted(line.split("  ") for line in done.stdout.strip().split("\n"))
    sql = f"SELECT md5, '{TABLES}/' || name FROM acpi_tables WHERE name NOT LIKE '%/%' ORDER BY 1, 2"
    assert [list(row.values()) for row in live(sql)] == told


IOMEM = """\
00000000-00000fff : Reserved
00001000-0009fbff : System RAM
00100000-bfffffff : System RAM
  01000000-02276f47 : Kernel code
100000000-63fffffff : System RAM
4000000000-400007ffff : 0000:00:01.0
    4000000000-400007ffff : virtio-pci-modern
"""


def test_memory_map_has_a_row_for_each_region(ask: Ask, tree: Tree) -> None:
    rows = ask("SELECT * FROM memory_map", tree({"proc/iomem": IOMEM}))
    assert [tuple(row.values()) for row in rows] == [
        ("Reserved", "0x00000000", "0x00000fff"),
        ("System RAM", "0x00001000", "0x0009fbff"),
        ("System RAM", "0x00100000", "0xbfffffff"),
        ("Kernel code", "0x01000000", "0x02276f47"),
        ("System RAM", "0x100000000", "0x63fffffff"),
        ("0000:00:01.0", "0x4000000000", "0x400007ffff"),
        ("virtio-pci-modern", "0x4000000000", "0x400007ffff"),
    ]


def test_memory_map_of_this_machine_is_that_of_the_kernel(live: Ask) -> None:
    lines = [line.strip().split(" : ") for line in Path("/proc/iomem").read_text().splitlines()]
    rows = live("SELECT substr(start, 3) || '-' || substr(\"end\", 3) AS addresses, name FROM memory_map")
    assert [list(row.values()) for row in rows] == lines


@given(st.binary(max_size=200), st.integers(0, len(IOMEM)))
def test_any_bytes_are_regions_or_none(tmp_path_factory: pytest.TempPathFactory, data: bytes, at: int) -> None:
    path = tmp_path_factory.getbasetemp() / "iomem/proc/iomem"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(IOMEM[:at].encode() + data + IOMEM[at:].encode())
    for name, start, end in iomem.regions(str(path.parents[1])):
        assert name.encode() is not None
        assert int(start, 16) >= 0 <= int(end, 16)
