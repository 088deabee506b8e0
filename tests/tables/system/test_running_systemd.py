"""systemd itself in namespaces of its own, with nothing but the units written here, against systemctl and journalctl.

It sees a network, devices and a /run that are its own, and may change nothing in /proc/sys, so that the machine that
runs the tests does not notice.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

SYSTEMD = "/lib/systemd/systemd"
JOURNALD = "/lib/systemd/systemd-journald"
START = """
set -e
echo $$ > "$1/cgroup.procs"
exec unshare --pid --fork --mount --ipc --uts --net --cgroup --mount-proc --kill-child sh -e "$2/inside" "$2"
"""
INSIDE = """
mount --make-rprivate /
mkdir -p "$1/dev"
mount -t tmpfs tmpfs "$1/dev"
for node in null zero full random urandom; do
  touch "$1/dev/$node"
  mount --bind "/dev/$node" "$1/dev/$node"
done
for node in tty kmsg console; do
  touch "$1/dev/$node"
  mount --bind /dev/null "$1/dev/$node"
done
mkdir "$1/dev/shm" "$1/dev/pts"
mount --rbind "$1/dev" /dev
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/log
mkdir -p /run/dbus /run/units /run/systemd/journald.conf.d
cp "$1"/units/* /run/units
printf '[Journal]\\nStorage=volatile\\nAudit=no\\nReadKMsg=no\\n' > /run/systemd/journald.conf.d/x.conf
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys
umount -R /sys
mount -t sysfs sysfs /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
export container=leadline SYSTEMD_UNIT_PATH=/run/units
exec /lib/systemd/systemd --system --unit=default.target --log-target=journal --show-status=0
"""
UNITS = {
    "default.target": "[Unit]\nDescription=All of it\n"
    "Wants=sleeping.service failing.service often.timer journald.service\n",
    "sleeping.service": "[Unit]\nDescription=Sleeps\nAfter=journald.service\n[Service]\nUser=daemon\n"
    "ExecStart=/bin/sh -c 'echo I sleep now; exec /bin/sleep 600'\n",
    "failing.service": "[Unit]\nDescription=Fails\n[Service]\nExecStart=/bin/false\n"
    "[Install]\nWantedBy=default.target\n",
    "often.timer": "[Unit]\nDescription=Often\n[Timer]\nOnCalendar=hourly\nOnBootSec=2h\nUnit=sleeping.service\n"
    "[Install]\nWantedBy=default.target\n",
    "journald.service": "[Unit]\nDescription=Journal\n"
    f"[Service]\nType=notify\nExecStart={JOURNALD}\nStandardOutput=null\n",
}


def unified() -> str | None:
    """Where the unified hierarchy of control groups is mounted."""
    for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
        if line.split()[2] == "cgroup2":
            return line.split()[1]
    return None


@pytest.fixture(scope="module")
def inside(tmp_path_factory) -> Iterator[Callable[..., str]]:
    """``inside("systemctl", ...)``: what a program prints that runs beside systemd."""
    hierarchy = unified()
    if os.geteuid() or not hierarchy or not os.path.exists(SYSTEMD) or not shutil.which("unshare"):
        pytest.skip("needs root, systemd, unshare and a unified hierarchy of control groups")
    folder = tmp_path_factory.mktemp("systemd")
    (folder / "units").mkdir()
    for name, text in UNITS.items():
        (folder / "units" / name).write_text(text)
    (folder / "inside").write_text(INSIDE)
    group = Path(hierarchy) / f"leadline-test-{os.getpid()}"
    try:
        group.mkdir()
    except OSError as error:
        pytest.skip(f"control groups: {error}")
    process = subprocess.Popen(["sh", "-c", START, "sh", group, folder],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)  # fmt: skip
    try:
        first = waited_for(lambda: child_of(process.pid))
        run = f"/proc/{first}/root/run"
        if first is None or not waited_for(lambda: os.path.exists(f"{run}/systemd/private")):
            process.kill()
            pytest.skip(f"systemd does not run here: {process.communicate()[1].decode()[-300:]}")

        def run_inside(*command: str) -> str:
            entered = ["nsenter", "-t", str(first), "-p", "-m", *command]
            return subprocess.run(entered, check=True, capture_output=True, text=True, timeout=30).stdout

        waited_for(lambda: "failed" in run_inside("systemctl", "show", "-P", "ActiveState", "failing.service"))
        waited_for(lambda: "active" in run_inside("systemctl", "show", "-P", "ActiveState", "sleeping.service"))
        yield run_inside
    finally:
        process.kill()
        process.wait()
        if process.stderr:
            process.stderr.close()
        waited_for(lambda: emptied(group))


def waited_for(condition: Callable[[], Any]) -> Any:
    for _ in range(100):
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    return None


def child_of(pid: int) -> int | None:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return None
    return int(children[0]) if children else None


def emptied(group: Path) -> bool:
    """Whether the control group could be taken away with all below it."""
    for place, _, _ in os.walk(group, topdown=False):
        try:
            os.rmdir(place)
        except OSError:
            return False
    return True


@pytest.fixture(scope="module")
def shell(inside) -> Callable[[str], list[dict[str, str]]]:
    """Asks the shell that runs beside systemd; it prints all values as text."""

    def ask(sql: str) -> list[dict[str, str]]:
        rows: list[dict[str, str]] = json.loads(inside(sys.executable, "-m", "leadline", "shell", "--json", sql))
        return rows

    return ask


def properties(inside: Callable[..., str], unit: str, *names: str) -> tuple[str, ...]:
    told = dict(line.split("=", 1) for line in inside("systemctl", "show", unit, "-p", ",".join(names)).splitlines())
    return tuple(told[name] for name in names)


def test_units_are_as_systemctl_shows_them(inside, shell) -> None:
    rows = {row["id"]: row for row in shell("SELECT * FROM systemd_units")}
    listed = inside("systemctl", "list-units", "--all", "--full", "--plain", "--no-legend", "--no-pager")
    assert {line.split()[0] for line in listed.splitlines()} <= set(rows)
    for name in UNITS:
        columns = ("load_state", "active_state", "sub_state", "unit_file_state", "fragment_path", "description")
        names = ("LoadState", "ActiveState", "SubState", "UnitFileState", "FragmentPath", "Description")
        assert tuple(rows[name][column] for column in columns) == properties(inside, name, *names)
    assert rows["sleeping.service"]["user"] == "daemon"
    assert rows["failing.service"]["active_state"] == "failed"


def test_timers_are_as_systemctl_shows_them(inside, shell) -> None:
    (row,) = shell("SELECT * FROM systemd_timers")
    assert (row["id"], row["unit"], row["schedule"]) == (
        "often.timer", "sleeping.service", "OnCalendar=*-*-* *:00:00; OnBootSec=2h",
    )  # fmt: skip
    (due,) = properties(inside, "often.timer", "NextElapseUSecRealtime")
    assert int(row["next_elapse"]) % 3600 == 0
    assert time.strftime("%H:00:00", time.localtime(int(row["next_elapse"]))) in due or "UTC" not in due


def test_services_start_by_themselves(shell) -> None:
    rows = shell("SELECT path, status, username FROM startup_items WHERE name = 'sleeping.service'")
    assert rows == [{"path": "/run/units/sleeping.service", "status": "active", "username": "daemon"}]


def test_the_journal_is_read_while_it_is_written(inside, shell) -> None:
    def written() -> bool:
        return "I sleep now" in inside("journalctl", "-u", "sleeping.service", "-o", "cat", "--no-pager")

    if not waited_for(written):
        pytest.skip("systemd-journald does not run here")
    columns = "unit, message, identifier, transport, uid, machine_id, boot_id, cursor"
    (row,) = shell(f"SELECT {columns} FROM systemd_journal WHERE unit = 'sleeping.service' AND identifier = 'sh'")
    lines = inside("journalctl", "-u", "sleeping.service", "-o", "json", "--no-pager").splitlines()
    (other,) = (one for one in map(json.loads, lines) if one.get("SYSLOG_IDENTIFIER") == "sh")
    assert (row["message"], row["transport"], row["cursor"]) == ("I sleep now", "stdout", other["__CURSOR"])
    assert (row["machine_id"], row["boot_id"]) == (other["_MACHINE_ID"], other["_BOOT_ID"])
    about = shell("SELECT message FROM systemd_journal WHERE unit = 'failing.service'")
    theirs = inside("journalctl", "-u", "failing.service", "-o", "cat", "--no-pager").splitlines()
    assert [row["message"] for row in about] == theirs
    seconds = int(other["__REALTIME_TIMESTAMP"]) // 1_000_000
    (count,) = shell(f"SELECT COUNT(*) AS n FROM systemd_journal WHERE time >= {seconds - 60} AND time <= {seconds}")
    since = inside("journalctl", "-o", "json", "--no-pager", f"--since=@{seconds - 60}", f"--until=@{seconds}.999999")
    assert int(count["n"]) == len(since.splitlines())
