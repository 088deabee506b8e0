from __future__ import annotations

import os
import stat
import subprocess
import sys

KINDS = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")


def test_namespaces_are_those_that_the_links_name(live) -> None:
    (row,) = live(f"SELECT * FROM process_namespaces WHERE pid = {os.getpid()}")
    for kind in KINDS:
        assert f"{kind}:[{row[f'{kind}_namespace']}]" == os.readlink(f"/proc/self/ns/{kind}")


def test_namespaces_in_the_captured_root(captured, ask, tree) -> None:
    rows = captured("SELECT pid, net_namespace FROM process_namespaces WHERE pid IN (1, 950)")
    assert rows == [{"pid": 1, "net_namespace": "4026531840"}, {"pid": 950, "net_namespace": None}]
    assert len(captured("SELECT pid FROM process_namespaces")) == 7
    root = tree({"proc/5/ns/": ""})
    os.symlink("mnt:[12", f"{root}/proc/5/ns/mnt")
    os.symlink("uts:[x]", f"{root}/proc/5/ns/uts")
    assert ask("SELECT mnt_namespace, uts_namespace FROM process_namespaces", root) == [
        {"mnt_namespace": None, "uts_namespace": None}
    ]


def test_both_ends_of_an_anonymous_pipe(live) -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert child.stdin is not None
        number = child.stdin.fileno()
        us, inode = os.getpid(), os.fstat(number).st_ino
        rows = live(f"SELECT * FROM process_open_pipes WHERE inode = {inode} AND type = 'anonymous' ORDER BY mode")
        assert [tuple(row.values()) for row in rows] == [
            (child.pid, 0, "r", inode, "anonymous", us, number, "w"),
            (us, number, "w", inode, "anonymous", child.pid, 0, "r"),
        ]
        listed = subprocess.run(["lsof", "-p", str(child.pid), "-a", "-d", "0", "-F", "ti"], capture_output=True)
        assert f"i{inode}" in listed.stdout.decode().split()
    finally:
        child.communicate(b"\n")


def test_a_named_pipe_that_is_open_for_both(live, tmp_path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    both = os.open(path, os.O_RDWR)
    try:
        inode = os.fstat(both).st_ino
        alone = live(f"SELECT * FROM process_open_pipes WHERE inode = {inode}")
        assert [tuple(row.values()) for row in alone] == [(os.getpid(), both, "rw", inode, "named", None, None, None)]
        reader = os.open(path, os.O_RDONLY)
        rows = live(f"SELECT fd, mode, partner_fd, partner_mode FROM process_open_pipes WHERE inode = {inode}")
        assert [tuple(row.values()) for row in rows] == [(both, "rw", reader, "r"), (reader, "r", both, "rw")]
        os.close(reader)
        path.unlink()
        assert len(live(f"SELECT pid FROM process_open_pipes WHERE inode = {inode}")) == 1
    finally:
        os.close(both)


def test_writers_that_nobody_reads_have_no_partner(live) -> None:
    reader, writer = os.pipe()
    twin = os.dup(writer)
    inode = os.fstat(writer).st_ino
    os.close(reader)
    try:
        rows = live(f"SELECT fd, mode, partner_pid FROM process_open_pipes WHERE inode = {inode} ORDER BY fd")
        assert [tuple(row.values()) for row in rows] == [(writer, "w", None), (twin, "w", None)]
    finally:
        os.close(writer)
        os.close(twin)


def test_pipes_of_an_image_stay_inside_of_it(ask, tree) -> None:
    root = tree({"proc/5/fd/": "", "run/": "", "proc/6/fd/": ""})
    os.mkfifo(f"{root}/run/x")
    inode = os.lstat(f"{root}/run/x").st_ino
    os.symlink("/run/x", f"{root}/proc/5/fd/3")
    os.symlink("pipe:[77]", f"{root}/proc/5/fd/4")
    os.symlink("pipe:[seven]", f"{root}/proc/6/fd/5")
    os.symlink("pipe:[²]", f"{root}/proc/6/fd/7")
    os.symlink(f"pipe:[{'7' * 40}]", f"{root}/proc/6/fd/8")
    os.symlink("pipe:[9]", f"{root}/proc/6/fd/²")
    os.mkdir(f"{root}/proc/²")
    os.symlink("/proc/1/root", f"{root}/proc/6/fd/6")
    rows = ask("SELECT pid, fd, inode, type FROM process_open_pipes ORDER BY fd", root)
    assert [tuple(row.values()) for row in rows] == [(5, 3, inode, "named"), (5, 4, 77, "anonymous")]


def test_every_pipe_that_lsof_lists_of_us_is_found(live) -> None:
    reader, writer = os.pipe()
    try:
        ours = {row["fd"] for row in live(f"SELECT fd FROM process_open_pipes WHERE pid = {os.getpid()}")}
        expected = {
            int(name)
            for name in os.listdir("/proc/self/fd")
            if os.path.exists(f"/proc/self/fd/{name}") and stat.S_ISFIFO(os.stat(f"/proc/self/fd/{name}").st_mode)
        }
        assert {reader, writer} <= ours
        assert expected <= ours
    finally:
        os.close(reader)
        os.close(writer)
