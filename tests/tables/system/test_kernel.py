"""What the kernel holds: modules, keys, shared memory, limits; on captured files and against the system's programs."""

from __future__ import annotations

import ctypes
import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from leadline.sql.schema import LINUX, Query
from leadline.tables.system.ulimit_info import ulimit_info

MODULES = """\
xt_MASQUERADE 16384 1 - Live 0xffffffffc0c0b000
nf_nat 61440 2 nft_chain_nat,xt_MASQUERADE, Live 0xffffffffc0bf0000
zfs 6066176 16 - Live 0x0000000000000000 (POE)
loading 4096 0 [permanent], Loading 0xffffffffc0a00000
short 1
"""
KEYS = """\
00a1b2c3 I--Q---     5 perm 3f030000  1000  1000 keyring   _ses: 1
18dd4b21 I------     1 perm 0f0b0000     0     0 keyring   .blacklist: empty
2b3c4d5e I--Q---     1  3d 3f010000  1000    -1 user      my key: with words: 12
3c4d5e6f --D-R--     1 expd 3f010000     0     0 logon     cifs:a:192.0.2.7
4d5e6f70 I------     1 perm 1f030000     0     0 asymmetri Build key: 1f2e: X509.rsa 1f2e3d4c []
5e6f7081 I--Q---     1 perm 3f010000  1000  1000 user      two
lines: 3
6f708192 I--Q---     1 perm 3f010000  1000  1000 user
"""
SHM = """\
       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid      atime      dtime      ctime                   rss                  swap
         0      32768  1600                393216  2207  2210      2  1000  1000  1000  1000 1700000001 1700000002 1700000000                393216                     0
1234567890         65  3666  18446744073709551615    12     0      0     0     0  1001  1001          0          0 1700000003                     0                     0
        -1         66   600                  4096 99999 99999      1 65534 65534     0     0          0          0 1700000004                  4096                     0
         0         67   600
"""  # noqa: E501 as the kernel prints it


def test_modules_are_told_with_their_users(answer, tree) -> None:
    root = tree({"proc/modules": MODULES})
    assert answer("SELECT * FROM kernel_modules", root) == [
        ("xt_MASQUERADE", 16384, "-", "Live", "0xffffffffc0c0b000"),
        ("nf_nat", 61440, "nft_chain_nat,xt_MASQUERADE", "Live", "0xffffffffc0bf0000"),
        ("zfs", 6066176, "-", "Live", "0x0000000000000000"),
        ("loading", 4096, "[permanent]", "Loading", "0xffffffffc0a00000"),
    ]


def test_modules_of_this_machine_are_those_of_lsmod(answer, tool) -> None:
    if not os.path.exists("/proc/modules"):
        pytest.skip("the kernel has no modules")
    listed = [line.split()[:2] for line in tool("lsmod").splitlines()[1:]]
    assert [list(map(str, row)) for row in answer("SELECT name, size FROM kernel_modules")] == listed


def test_keys_are_told_as_the_kernel_describes_them(answer, tree) -> None:
    root = tree({"proc/keys": KEYS})
    assert answer("SELECT * FROM kernel_keys", root) == [
        ("00a1b2c3", "I--Q---", 5, "perm", "3f030000", 1000, 1000, "keyring", "_ses: 1"),
        ("18dd4b21", "I------", 1, "perm", "0f0b0000", 0, 0, "keyring", ".blacklist: empty"),
        ("2b3c4d5e", "I--Q---", 1, "3d", "3f010000", 1000, -1, "user", "my key: with words: 12"),
        ("3c4d5e6f", "--D-R--", 1, "expd", "3f010000", 0, 0, "logon", "cifs:a:192.0.2.7"),
        ("4d5e6f70", "I------", 1, "perm", "1f030000", 0, 0, "asymmetri", "Build key: 1f2e: X509.rsa 1f2e3d4c []"),
        ("5e6f7081", "I--Q---", 1, "perm", "3f010000", 1000, 1000, "user", "two"),
        ("6f708192", "I--Q---", 1, "perm", "3f010000", 1000, 1000, "user", ""),
    ]


def test_a_key_that_was_just_made_is_told(answer, tool) -> None:
    if not os.path.exists("/proc/keys"):
        pytest.skip("the kernel has no keys")
    serial = int(tool("keyctl", "add", "user", "leadline: a test", "12345", "@u"))
    try:
        rows = answer(
            f"SELECT uid, type, description, permissions FROM kernel_keys WHERE serial_number = '{serial:08x}'"
        )
        described = tool("keyctl", "rdescribe", serial).strip().split(";")
        assert rows == [(os.getuid(), "user", "leadline: a test: 5", described[3])]
    finally:
        tool("keyctl", "unlink", serial, "@u")


def test_segments_of_shared_memory_are_told_with_their_states(answer, tree) -> None:
    root = tree({"proc/sysvipc/shm": SHM})
    assert answer("SELECT * FROM shared_memory", root) == [
        (32768, 1000, 1000, 2210, 2207, 1700000001, 1700000002, 1700000000, "1600", 393216, 2, "dest", 0),
        (66, 65534, 0, 99999, 99999, 0, 0, 1700000004, "0600", 4096, 1, "", 0),
    ]
    root = tree({"proc/sysvipc/shm": SHM.replace("18446744073709551615", "9")})
    assert answer("SELECT permissions, status, locked FROM shared_memory WHERE shmid = 65", root) == [
        ("3666", "dest", 1)
    ]


@pytest.fixture
def segment() -> Iterator[int]:
    """A segment of 12345 bytes that nobody has attached."""
    libc = ctypes.CDLL(None, use_errno=True)
    identifier = libc.shmget(0, 12345, 0o1640)  # IPC_PRIVATE, IPC_CREAT
    if identifier < 0:
        pytest.skip(os.strerror(ctypes.get_errno()))
    yield identifier
    libc.shmctl(identifier, 0, None)  # IPC_RMID


def test_segments_of_this_machine_are_those_of_ipcs(answer, segment, tool) -> None:
    rows = answer("SELECT shmid, permissions, size, attached FROM shared_memory")
    listed = [line.split() for line in tool("ipcs", "-m").splitlines() if line.startswith("0x")]
    assert rows == [(int(one[1]), one[3].zfill(4), int(one[4]), int(one[5])) for one in listed]
    assert answer(f"SELECT owner_uid, creator_pid, pid, size, status FROM shared_memory WHERE shmid = {segment}") == [
        (os.getuid(), os.getpid(), 0, 12345, "")
    ]


def test_limits_are_those_of_the_process_that_asks(answer) -> None:
    rows = {name: (soft, hard) for name, soft, hard in answer("SELECT type, soft_limit, hard_limit FROM ulimit_info")}
    assert list(rows) == ["as", "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile",
                          "nproc", "rss", "rtprio", "sigpending", "stack"]  # fmt: skip
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert rows["nofile"] == (str(soft), str(hard))
    listed = Path("/proc/self/limits").read_text()
    names = {"Max cpu time": "cpu", "Max file locks": "locks", "Max stack size": "stack", "Max processes": "nproc",
             "Max realtime priority": "rtprio", "Max msgqueue size": "msgqueue", "Max address space": "as"}  # fmt: skip
    for line in listed.splitlines():
        if (name := names.get(line[:26].strip())) is not None:
            assert rows[name] == tuple(line[26:].split()[:2]), name


def test_another_root_has_no_limits(root) -> None:
    warnings: list[str] = []
    assert list(ulimit_info.generators[LINUX](Query(ulimit_info, root=root, warn=warnings.append))) == []
    assert warnings == ["ulimit_info asks the running kernel and has no rows for another root"]


def test_a_machine_that_does_not_tell_has_no_rows(answer, tmp_path) -> None:
    for table in ("kernel_modules", "kernel_keys", "shared_memory"):
        assert answer(f"SELECT * FROM {table}", str(tmp_path)) == []
