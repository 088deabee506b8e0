"""device_partitions, device_file and device_hash, on images that the real programs make."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leadline.catalogue.index import TABLES
from leadline.sql.engine import Engine

pytest.importorskip("pytsk3")

START = 2048 * 512
FILES = {"hello.txt": b"hello\n", "sub/deep/x": b"x" * 5000, "empty": b"", "sub/größe": b"y"}


@pytest.fixture
def image(tmp_path: Path, tool) -> Path:
    """A GPT disk with an ext4 partition that holds FILES, and one without a file system."""
    path, content = tmp_path / "disk", tmp_path / "content"
    for name, data in FILES.items():
        (content / name).parent.mkdir(parents=True, exist_ok=True)
        (content / name).write_bytes(data)
    (content / "hello.txt").chmod(0o4750)
    with path.open("wb") as file:
        file.truncate(24 << 20)
    tool("sfdisk", "-q", path, input='label: gpt\nstart=2048,size=32768,name="root"\nsize=4096,name="spare"\n')
    tool("mke2fs", "-q", "-F", "-t", "ext4", "-b", "1024", "-d", content, "-E", f"offset={START}", path, "16M")
    return path


def test_a_gpt_disk_has_its_table_gaps_and_partitions(answer, image, tool) -> None:
    rows = answer(f"SELECT * FROM device_partitions WHERE device = '{image}'")
    assert [row[1:5] for row in rows] == [
        (0, "Safety Table", "meta", 0),
        (1, "Unallocated", "unallocated", 0),
        (2, "GPT Header", "meta", 512),
        (3, "Partition Table", "meta", 1024),
        (4, "root", "ext4", START),
        (5, "spare", "normal", START + (16 << 20)),
        (6, "Unallocated", "unallocated", START + (18 << 20)),
    ]
    assert {row[0] for row in rows} == {str(image)}
    ext4, spare = rows[4], rows[5]
    counts = tool("dumpe2fs", "-h", f"{image}?offset={START}")
    assert f"Inode count:              {ext4[7] - 1}\n" in counts
    assert ext4[5:7] == (1024, 16384)
    assert spare[5:] == (512, 4096, -1, 1)


def test_a_dos_disk_has_primary_and_logical_partitions(answer, tmp_path, tool) -> None:
    path = tmp_path / "disk"
    with path.open("wb") as file:
        file.truncate(80 << 20)
    tool("sfdisk", "-q", path, input="label: dos\n2048,90112,b\n,,5\n,8192,83\n,8192,82\n")
    tool("mkfs.vfat", "-F", "32", "-n", "STICK", "--offset", "2048", path, "45056")
    rows = answer(f"SELECT label, type, offset, blocks_size FROM device_partitions WHERE device = '{path}'"
                  " AND type NOT IN ('meta', 'unallocated')")  # fmt: skip
    assert rows == [
        ("Win95 FAT32 (0x0b)", "fat32", START, 512),
        ("Linux (0x83)", "normal", 94208 * 512, 512),
        ("Linux Swap / Solaris x86 (0x82)", "normal", 104448 * 512, 512),
    ]


def test_every_regular_file_of_a_partition_has_a_row(ask, image) -> None:
    rows = ask(f"SELECT * FROM device_file WHERE device = '{image}' AND partition = '4' ORDER BY path")
    assert {row["path"]: row["size"] for row in rows} == {f"/{name}": len(data) for name, data in FILES.items()}
    [hello] = [row for row in rows if row["path"] == "/hello.txt"]
    status = os.stat(image.parent / "content/hello.txt")
    assert hello["ctime"] > 0
    assert hello["atime"] > 0
    assert {name: value for name, value in hello.items() if name not in ("atime", "ctime", "inode")} == {
        "device": str(image), "partition": "4", "path": "/hello.txt", "filename": "hello.txt", "uid": status.st_uid,
        "gid": status.st_gid, "mode": "4750", "size": 6, "block_size": 1024,
        "mtime": int(status.st_mtime), "hard_links": 1, "type": "regular",
    }  # fmt: skip


def test_files_are_found_by_path_and_by_inode(ask, image) -> None:
    where = f"device = '{image}' AND partition = '4'"
    [found] = ask(f"SELECT inode, filename, type FROM device_file WHERE {where} AND path = '/sub/deep/x'")
    assert (found["filename"], found["type"]) == ("x", "regular")
    [same] = ask(f"SELECT path, size FROM device_file WHERE {where} AND inode = {found['inode']}")
    assert same == {"path": "/sub/deep/x", "size": 5000}
    [root] = ask(f"SELECT path, type FROM device_file WHERE {where} AND inode = 2")
    assert root == {"path": None, "type": "directory"}
    assert ask(f"SELECT type FROM device_file WHERE {where} AND path = '/sub'") == [{"type": "directory"}]
    assert ask(f"SELECT * FROM device_file WHERE {where} AND path IN ('/missing', '', 'sub/../../etc')") == []
    assert ask(f"SELECT * FROM device_file WHERE {where} AND inode IN (0, -1, 99999999999)") == []


def test_without_a_partition_all_are_looked_at(answer, image) -> None:
    rows = answer(f"SELECT DISTINCT partition FROM device_file WHERE device = '{image}'")
    assert rows == [("4",)]


def test_a_deleted_file_keeps_its_name_while_its_inode_is_known(answer, image, tool) -> None:
    tool("debugfs", "-w", "-R", "rm hello.txt", f"{image}?offset={START}")
    where = f"device = '{image}' AND partition = '4'"
    rows = answer(f"SELECT path, hard_links FROM device_file WHERE {where} AND hard_links = 0")
    assert rows == [("/hello.txt", 0)]


def test_digests_are_those_of_the_content(answer, image) -> None:
    rows = answer(
        f"SELECT f.path, h.md5, h.sha1, h.sha256 FROM device_file f JOIN device_hash h USING (device, partition, inode)"
        f" WHERE f.device = '{image}' AND f.partition = '4'"
    )
    assert sorted(rows) == sorted(
        (f"/{name}", *(hashlib.new(one, data).hexdigest() for one in ("md5", "sha1", "sha256")))
        for name, data in FILES.items()
    )


def test_names_are_found_for_one_inode_after_the_other(answer, image) -> None:
    rows = answer(
        "SELECT f.path FROM device_hash h CROSS JOIN device_file f USING (device, partition, inode)"
        f" WHERE h.device = '{image}' AND h.partition = '4'"
    )
    assert sorted(rows) == sorted((f"/{name}",) for name in FILES)


def test_a_file_of_two_names_is_read_once(answer, image, tool) -> None:
    tool("debugfs", "-w", "-R", "ln hello.txt other", f"{image}?offset={START}")
    where = f"device = '{image}' AND partition = '4'"
    rows = answer(f"SELECT path, inode FROM device_file WHERE {where} AND path IN ('/hello.txt', '/other')")
    assert len({inode for _, inode in rows}) == 1
    assert answer(f"SELECT count(*) FROM device_hash WHERE {where} AND inode = {rows[0][1]}") == [(1,)]
    assert answer(f"SELECT count(*), count(DISTINCT inode) FROM device_hash WHERE {where}") == [(4, 4)]


def test_a_file_beyond_read_max_has_no_digests(answer, image, program) -> None:
    where = f"device = '{image}' AND partition = '4'"
    [(inode,)] = answer(f"SELECT inode FROM device_file WHERE {where} AND path = '/sub/deep/x'")
    rows = answer(f"SELECT md5 FROM device_hash WHERE {where} AND inode = {inode}", runtime=program(read_max="4999"))
    assert rows == [(None,)]


def asked(sql: str, root: str = "") -> tuple[list[tuple[Any, ...]], list[str]]:
    """The rows of a query, and what the tables warned of."""
    warnings: list[str] = []
    with Engine(tables=TABLES, root=root, warn=lambda _, message: warnings.append(message)) as engine:
        return [tuple(row) for row in engine.query(sql)], warnings


def test_too_little_is_answered_with_a_warning() -> None:
    assert asked("SELECT * FROM device_file WHERE partition = '4'") == ([], ["device_file needs to be told the device"])
    assert asked("SELECT * FROM device_hash WHERE inode = 12") == ([], ["device_hash needs to be told the device"])


def test_what_is_no_disk_has_no_rows(answer, tmp_path) -> None:
    (tmp_path / "text").write_text("no disk\n" * 1000)
    (tmp_path / "empty").write_text("")
    os.mkfifo(tmp_path / "pipe")
    for path in ("text", "empty", "pipe", "missing", "."):
        assert answer(f"SELECT * FROM device_partitions WHERE device = '{tmp_path / path}'") == []
    assert answer("SELECT * FROM device_partitions WHERE device IN ('/dev/null', '/dev/zero', 'x\\0y')") == []


def test_a_device_below_a_root_is_read_only_when_it_is_a_file(answer, image, tmp_path) -> None:
    root = tmp_path / "root"
    (root / "dev").mkdir(parents=True)
    shutil.copy(image, root / "dev/sda")
    (root / "dev/disk").symlink_to("/dev/sda")
    sql = "SELECT count(*) FROM device_partitions WHERE device = '/dev/{}'"
    assert answer(sql.format("sda"), str(root)) == [(7,)]
    assert answer(sql.format("disk"), str(root)) == [(7,)]
    if os.geteuid() == 0:
        os.mknod(root / "dev/sdb", 0o060600, os.makedev(7, 0))
        assert answer(sql.format("sdb"), str(root)) == [(0,)]


def damaged(image: Path, seed: int) -> Path:
    """The image with noise in the table of partitions or the structures of the file system."""
    noise = random.Random(seed)
    path = image.with_name(f"damaged{seed}")
    shutil.copy(image, path)
    with path.open("r+b") as file:
        for _ in range(noise.randrange(1, 60)):
            start, length = noise.choice([(0, 20_000), (START + 1024, 1024), (START + 2048, 200_000)])
            file.seek(start + noise.randrange(length))
            file.write(noise.randbytes(noise.randrange(1, 40)))
    return path


@pytest.mark.parametrize("seed", range(1, 8))
def test_a_damaged_disk_ends_the_child_and_not_the_query(image, seed: int) -> None:
    path = damaged(image, seed)
    for table in ("device_partitions", "device_file"):
        rows, warnings = asked(f"SELECT * FROM {table} WHERE device = '{path}'")
        for row in rows:
            assert row[0] == str(path)
        for warning in warnings:
            assert warning.startswith(f"the process that reads {path} ")


def test_closing_the_query_ends_the_child(image, children: Callable[[], int]) -> None:
    with Engine(tables=TABLES) as engine:
        result = iter(engine.query(f"SELECT * FROM device_file WHERE device = '{image}' AND partition = '4'"))
        next(result)
        del result
    for _ in range(50):
        if children() == 0:
            return
        time.sleep(0.05)
    raise AssertionError("the child goes on")


@pytest.fixture
def children() -> Callable[[], int]:
    """How many children of ours read disks."""

    def count() -> int:
        listed = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
        lines = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in listed if Path(f"/proc/{pid}").exists()]
        return sum(b"leadline.linux.sleuthkit" in line for line in lines)

    return count
