from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def process_in(root: str) -> Iterator[int]:
    """A process in another mount namespace, whose root is a captured file system."""
    if os.geteuid() != 0:
        pytest.skip("only root may make a mount namespace")
    command = [sys.executable, "-c", CHILD, root]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout
        assert child.stdout.readline() == b"\n"
        yield child.pid
        child.communicate()


@pytest.fixture
def elsewhere(root: str) -> Iterator[int]:
    with process_in(root) as pid:
        yield pid


# All tables that osquery can ask in another namespace but yara_process: a constraint that they may need.
NAMESPACED = {
    "apt_sources": "1", "authorized_keys": "1", "crontab": "1", "deb_packages": "1", "dns_resolvers": "1",
    "etc_hosts": "1", "file": "path LIKE '/etc/%%'", "groups": "1", "hash": "path LIKE '/etc/%'", "npm_packages": "1",
    "os_version": "1", "python_packages": "1", "rpm_packages": "1", "suid_bin": "1", "user_ssh_keys": "1",
    "users": "1", "yara_file": "path LIKE '/etc/%' AND sigrule = 'rule r { strings: $a = \"root\" condition: $a }'",
    "yum_sources": "1",
}  # fmt: skip
ROOTS = sorted(path for path in (Path(__file__).parents[1] / "roots").iterdir() if (path / "etc").is_dir())


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


@pytest.fixture(params=ROOTS, ids=lambda path: path.name)
def furnished(request, tmp_path: Path) -> Path:
    """A captured root with what a repository cannot keep: a program with the setuid bit and a private key."""
    root = tmp_path / "root"
    shutil.copytree(request.param, root, symlinks=True)
    program = root / "usr" / "local" / "bin" / "tool"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o4755)
    with (root / "etc" / "passwd").open("a") as users:
        users.write("keeper:x:4711:4711::/home/keeper:/bin/sh\n")
    keys = root / "home" / "keeper" / ".ssh"
    keys.mkdir(parents=True)
    (keys / "authorized_keys").write_text("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA keeper\n")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", keys / "id"], check=True)
    return root


def test_a_namespace_is_answered_for_like_the_same_files_under_a_root(answer, furnished: Path) -> None:
    named = {"file": "path, inode, mode, type", "os_version": "name, version, codename"}  # atime; the machine's arch
    with process_in(str(furnished)) as pid:
        for table, where in NAMESPACED.items():
            columns = f"{named.get(table, '*')}, pid_with_namespace"
            there = answer(f"SELECT {columns} FROM {table} WHERE pid_with_namespace = {pid} AND {where}")
            below = answer(f"SELECT {columns} FROM {table} WHERE {where}", str(furnished))
            assert [row[:-1] for row in there] == [row[:-1] for row in below], table
            assert {row[-1] for row in there} <= {pid}, table
            assert {row[-1] for row in below} <= {0}, table
            always = ("authorized_keys", "etc_hosts", "file", "groups", "hash", "suid_bin", "user_ssh_keys", "users")
            assert there or table not in always, table


def test_the_memory_of_a_process_elsewhere_is_scanned(answer, elsewhere: int) -> None:
    rule = 'rule r { strings: $a = "umount2" condition: $a }'
    sql = f"SELECT pid, count, pid_with_namespace FROM yara_process WHERE pid = {elsewhere} AND sigrule = '{rule}'"
    assert answer(f"{sql} AND pid_with_namespace = {elsewhere}") == [(elsewhere, 1, elsewhere)]


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
