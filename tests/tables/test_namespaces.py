from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# A process in a mount namespace of its own, whose root is the captured file system: as a container's is.
CHILD = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
def done(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
done(libc.unshare(0x20000))
done(libc.mount(b"none", b"/", None, 0x44000, None))
root = sys.argv[1].encode()
done(libc.mount(root, root, None, 0x5000, None))
os.chdir(root)
done(libc.syscall({"x86_64": 155, "aarch64": 41}[os.uname().machine], b".", b"."))
done(libc.umount2(b".", 2))
print(flush=True)
sys.stdin.read()
"""


@pytest.fixture
def elsewhere(root: str) -> Iterator[int]:
    """A process in another mount namespace, whose root is the captured file system."""
    if os.geteuid() != 0:
        pytest.skip("only root may make a mount namespace")
    command = [sys.executable, "-c", CHILD, root]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout
        assert child.stdout.readline() == b"\n"
        yield child.pid
        child.communicate()


def test_tables_look_at_the_files_a_process_sees(answer, elsewhere: int, root: str) -> None:
    namespace = os.readlink(f"/proc/{elsewhere}/ns/mnt")[5:-1]

    def there(columns: str, table: str, where: str = "1") -> list[tuple[object, ...]]:
        return answer(f"SELECT {columns} FROM {table} WHERE pid_with_namespace = {elsewhere} AND {where}")

    pid = elsewhere
    assert there("username, pid_with_namespace", "users", "uid = 33") == [("www-data", pid)]
    assert there("groupname, pid_with_namespace", "groups", "gid = 27") == [("sudo", pid)]
    assert there("hostnames, pid_with_namespace", "etc_hosts", "address = '10.9.9.9'") == [("", pid)]
    assert len(there("*", "crontab")) == 5
    ends = f"pid_with_namespace, mount_namespace_id = '{namespace}'"
    assert there(f"codename, arch, {ends}", "os_version") == [("bookworm", os.uname().machine, pid, 1)]
    assert there(f"version, {ends}", "deb_packages", "name = 'half'") == [("1.1-1", pid, 1)]
    assert there(f"path, {ends}", "file", "path LIKE '/etc/cron.d/%'") == [
        ("/etc/cron.d/.placeholder", pid, 1),
        ("/etc/cron.d/scrub", pid, 1),
    ]
    assert there(f"type, symlink, {ends}", "file", "path = '/etc/os-release'") == [("regular", 1, pid, 1)]
    digest = hashlib.md5(Path(root, "etc/hostname").read_bytes()).hexdigest()
    assert there(f"md5, {ends}", "hash", "path = '/etc/hostname'") == [(digest, pid, 1)]
    assert there(f"path, {ends}", "hash", "directory = '/run'") == [("/run/utmp", pid, 1)]


def test_zero_is_our_own_namespace(answer) -> None:
    for table in ("users", "groups", "etc_hosts", "os_version", "deb_packages"):
        own = answer(f"SELECT * FROM {table}")
        assert answer(f"SELECT * FROM {table} WHERE pid_with_namespace = 0") == own


def test_processes_that_are_not_there_have_no_rows(answer, root) -> None:
    warnings: list[str] = []
    sql = "SELECT * FROM users WHERE pid_with_namespace = 4194305"
    assert answer(sql) == []
    assert answer(sql, root, warn=lambda _, message: warnings.append(message)) == []
    assert "running system" in warnings[0]


def test_no_descriptor_stays_open(answer, elsewhere: int) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        assert answer(f"SELECT * FROM users WHERE pid_with_namespace = {elsewhere} LIMIT 1")
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_namespace_can_be_entered_from_a_program_with_threads(answer, elsewhere: int) -> None:
    from concurrent.futures import ThreadPoolExecutor

    sql = f"SELECT username FROM users WHERE uid = 33 AND pid_with_namespace = {elsewhere}"
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: answer(sql), range(12))) == [[("www-data",)]] * 12
