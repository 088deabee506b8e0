"""systemd's units, timers and what starts by itself: of a D-Bus service with captured answers, and of image files."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from jeepney import HeaderFields, MessageType, new_error, new_method_return
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, open_dbus_connection
from jeepney.low_level import Message

NAME = "org.freedesktop.systemd1"
UNITS = f"/{NAME.replace('.', '/')}/unit"
NEVER = (1 << 64) - 1
# What systemd 252 answered on a Debian machine, shortened.
SSH, DAILY, TMP, GONE, SRV = (
    f"{UNITS}/{name}" for name in ("ssh_2eservice", "apt_2ddaily_2etimer", "tmp_2etimer", "x_2eservice", "srv_2emount")
)
JOB = "/org/freedesktop/systemd1/job/77"
LISTED = [
    ("ssh.service", "OpenBSD Secure Shell server", "loaded", "active", "running", "", SSH, 0, "", "/"),
    ("apt-daily.timer", "Daily apt download activities", "loaded", "active", "waiting", "", DAILY, 0, "", "/"),
    ("tmp.timer", "tmp.timer", "loaded", "active", "waiting", "", TMP, 0, "", "/"),
    ("x.service", "x.service", "not-found", "inactive", "dead", "", GONE, 77, "start", JOB),
    ("srv.mount", "/srv", "loaded", "active", "mounted", "", SRV, 0, "", "/"),
]
DAILY_FILE = "/lib/systemd/system/apt-daily.timer"
PROPERTIES: dict[tuple[str, str], dict[str, tuple[str, object]]] = {
    (SSH, "Unit"): {"FragmentPath": ("s", "/lib/systemd/system/ssh.service"), "SourcePath": ("s", ""),
                             "UnitFileState": ("s", "enabled")},
    (SSH, "Service"): {"User": ("s", "sshd")},
    (DAILY, "Unit"): {"FragmentPath": ("s", DAILY_FILE), "UnitFileState": ("s", "enabled")},
    (DAILY, "Timer"): {
        "Unit": ("s", "apt-daily.service"), "Persistent": ("b", True), "WakeSystem": ("b", False),
        "TimersCalendar": ("a(sst)", [("OnCalendar", "*-*-* 06,18:00:00", 1_700_000_100_000_000)]),
        "TimersMonotonic": ("a(stt)", []), "NextElapseUSecRealtime": ("t", 1_700_000_100_500_000),
        "NextElapseUSecMonotonic": ("t", 0), "LastTriggerUSec": ("t", 1_699_999_000_000_000),
    },
    (TMP, "Unit"): {"FragmentPath": ("s", "/run/tmp.timer"), "UnitFileState": ("s", "static")},
    (TMP, "Timer"): {
        "Unit": ("s", "tmp.service"), "Persistent": ("b", False), "WakeSystem": ("b", False),
        "TimersCalendar": ("a(sst)", []),
        "TimersMonotonic": ("a(stt)", [("OnBootUSec", 900_000_000, 0), ("OnUnitActiveUSec", 90_000_000_500, 0)]),
        "NextElapseUSecRealtime": ("t", NEVER), "NextElapseUSecMonotonic": ("t", 1 << 60), "LastTriggerUSec": ("t", 0),
    },
    (SRV, "Unit"): {"FragmentPath": ("s", "/run/systemd/generator/srv.mount"), "SourcePath": ("s", "/etc/fstab"),
                             "UnitFileState": ("s", "generated")},
}  # fmt: skip


def answered(message: Message) -> Message:
    path, member = message.header.fields[HeaderFields.path], message.header.fields[HeaderFields.member]
    if member == "ListUnits":
        return new_method_return(message, "a(ssssssouso)", (LISTED,))
    properties = PROPERTIES.get((path, message.body[0].rpartition(".")[2]), {})
    if member == "GetAll":
        return new_method_return(message, "a{sv}", (properties,))
    if message.body[1] in properties:
        return new_method_return(message, "v", (properties[message.body[1]],))
    return new_error(message, "org.freedesktop.DBus.Error.UnknownProperty")


def serve(connection: DBusConnection) -> None:
    """Answer until the bus goes."""
    while True:
        try:
            message = connection.receive()
            if message.header.message_type == MessageType.method_call:
                connection.send(answered(message))
        except OSError:
            return


@pytest.fixture(scope="module")
def daemon(tmp_path_factory) -> Iterator[str]:
    """The address of a bus of our own."""
    if not shutil.which("dbus-daemon"):
        pytest.skip("no dbus-daemon")
    path = tmp_path_factory.mktemp("bus") / "socket"
    command = ["dbus-daemon", "--session", "--nofork", "--nopidfile", f"--address=unix:path={path}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        for _ in range(100):
            if path.exists():
                break
            time.sleep(0.05)
        yield f"unix:path={path}"
        process.terminate()


@pytest.fixture
def systemd(daemon, monkeypatch) -> Iterator[None]:
    """A service on the bus that answers as systemd does, found as the system bus is."""
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", daemon)
    with open_dbus_connection(daemon) as connection:
        connection.send_and_get_reply(message_bus.RequestName(NAME))
        thread = threading.Thread(target=serve, args=(connection,), daemon=True)
        thread.start()
        yield
        connection.sock.shutdown(2)
        thread.join(5)


def test_units_with_their_jobs_and_properties(systemd, live) -> None:
    rows = live("SELECT * FROM systemd_units")
    states = {
        row["id"]: (row["load_state"], row["active_state"], row["sub_state"], row["unit_file_state"]) for row in rows
    }
    assert states == {
        "ssh.service": ("loaded", "active", "running", "enabled"),
        "apt-daily.timer": ("loaded", "active", "waiting", "enabled"),
        "tmp.timer": ("loaded", "active", "waiting", "static"),
        "x.service": ("not-found", "inactive", "dead", None),
        "srv.mount": ("loaded", "active", "mounted", "generated"),
    }
    files = {row["id"]: (row["fragment_path"], row["user"], row["source_path"]) for row in rows}
    assert files == {
        "ssh.service": ("/lib/systemd/system/ssh.service", "sshd", ""),
        "apt-daily.timer": (DAILY_FILE, None, None),
        "tmp.timer": ("/run/tmp.timer", None, None),
        "x.service": (None, None, None),
        "srv.mount": ("/run/systemd/generator/srv.mount", None, "/etc/fstab"),
    }
    assert [(row["description"], row["following"], row["object_path"]) for row in rows] == [
        (one[1], one[5], one[6]) for one in LISTED
    ]
    assert [(row["job_id"], row["job_type"], row["job_path"]) for row in rows] == [one[7:] for one in LISTED]


def test_properties_are_asked_for_only_when_they_are_used(systemd, live) -> None:
    everything = live("SELECT * FROM systemd_units")
    for column in everything[0]:
        assert live(f"SELECT {column} FROM systemd_units") == [{column: row[column]} for row in everything]


def test_timers(systemd, live) -> None:
    one, two = live("SELECT * FROM systemd_timers")
    assert tuple(one.values()) == (
        "apt-daily.timer", "Daily apt download activities", "apt-daily.service", 1_700_000_100, 1_699_999_000,
        "OnCalendar=*-*-* 06,18:00:00", 1, "loaded", "active", "waiting", "enabled", DAILY_FILE,
    )  # fmt: skip
    assert (two["id"], two["last_trigger"], two["persistent"]) == ("tmp.timer", None, 0)
    assert two["schedule"] == "OnBootSec=15min; OnUnitActiveSec=1d 1h 500us"
    expected = time.time() - time.clock_gettime(time.CLOCK_MONOTONIC) + (1 << 60) / 1e6
    assert abs(two["next_elapse"] - expected) <= 2


def test_units_start_by_themselves(systemd, live) -> None:
    rows = live("SELECT * FROM startup_items WHERE type = 'systemd unit' AND name IN ('ssh.service', 'srv.mount')")
    assert [tuple(row.values()) for row in rows] == [
        ("ssh.service", "/lib/systemd/system/ssh.service", None, "systemd unit", "", "active", "sshd"),
        ("srv.mount", "/run/systemd/generator/srv.mount", None, "systemd unit", "/etc/fstab", "active", None),
    ]


def test_a_bus_without_systemd_has_no_rows(daemon, monkeypatch, ask) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", daemon)
    if os.path.exists("/run/systemd/private"):
        pytest.skip("systemd runs here")
    warnings: list[object] = []
    for name in ("systemd_units", "systemd_timers"):
        assert ask(f"SELECT * FROM {name}", warn=lambda *one: warnings.append(one)) == []
    assert warnings == []


def test_a_bus_that_cannot_be_talked_to_is_told(tmp_path: Path, monkeypatch, ask) -> None:
    path = tmp_path / ("x" * 120)  # longer than a socket's path may be
    path.touch()
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={path}")
    if os.path.exists("/run/systemd/private"):
        pytest.skip("systemd runs here")
    warnings: list[tuple[str, str]] = []
    for name in ("systemd_units", "systemd_timers", "startup_items"):
        ask(f"SELECT * FROM {name}", warn=lambda *one: warnings.append(one))
    assert [name for name, _ in warnings] == ["systemd_units", "systemd_timers", "startup_items"]
    assert all(text.startswith("systemd cannot be asked: ") for _, text in warnings)


IMAGE = {
    "etc/passwd": "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\nbob:x:1001:1001::/home/ann:/bin/sh\n",
    "home/ann/.config/autostart/clock.desktop": "[Desktop Entry]\nName=Clock\nExec=clock --big\n",
    "home/ann/.config/autostart/off.desktop": "[Desktop Entry]\nName=Off\nExec=off\nHidden=true\n",
    "home/ann/.config/autostart/folder/": "",
    "home/ann/.config/autostart-scripts/run.sh": "#!/bin/sh\n",
    "etc/xdg/autostart/odd.desktop": "not a desktop file",
    "etc/init.d/cron": "#!/bin/sh\n",
    "usr/lib/systemd/system/web.service": "[Unit]\nDescription=Web\n[Service]\nUser=www\n"
    "[Install]\nWantedBy=x.target\n",
    "usr/lib/systemd/system/back.timer": "[Unit]\nDescription=Backup\n[Timer]\nOnCalendar=daily\nOnCalendar=Mon 08:00\n"
    "Persistent=true\n[Install]\nWantedBy=timers.target\n",
    "usr/lib/systemd/system/other.timer": "[Timer]\nOnBootSec=5min\nUnit=elsewhere.service\n",
    "var/lib/systemd/timers/stamp-back.timer": "",
    "etc/systemd/system/timers.target.wants/": "",
}


@pytest.fixture
def image(tree) -> str:
    root: str = tree(IMAGE)
    os.symlink("/usr/lib/systemd/system/back.timer", f"{root}/etc/systemd/system/timers.target.wants/back.timer")
    os.symlink("/dev/null", f"{root}/etc/systemd/system/none.service")
    os.symlink("/nowhere", f"{root}/etc/init.d/dangling")
    os.utime(f"{root}/var/lib/systemd/timers/stamp-back.timer", (1, 1_700_000_000))
    return root


def test_units_of_an_image(ask, image) -> None:
    rows = ask("SELECT id, description, load_state, active_state, unit_file_state, job_id, fragment_path, user"
               " FROM systemd_units", image)  # fmt: skip
    folder = "/usr/lib/systemd/system"
    assert [tuple(row.values()) for row in rows] == [
        ("back.timer", "Backup", "loaded", None, "enabled", None, f"{folder}/back.timer", None),
        ("none.service", None, "masked", None, "masked", None, "/etc/systemd/system/none.service", None),
        ("other.timer", None, "loaded", None, "static", None, f"{folder}/other.timer", None),
        ("web.service", "Web", "loaded", None, "disabled", None, f"{folder}/web.service", "www"),
    ]


def test_timers_of_an_image(ask, image) -> None:
    rows = ask("SELECT * FROM systemd_timers", image)
    folder = "/usr/lib/systemd/system"
    assert [tuple(row.values()) for row in rows] == [
        ("back.timer", "Backup", "back.service", None, 1_700_000_000, "OnCalendar=daily; OnCalendar=Mon 08:00", 1,
         "loaded", None, None, "enabled", f"{folder}/back.timer"),
        ("other.timer", None, "elsewhere.service", None, None, "OnBootSec=5min", 0,
         "loaded", None, None, "static", f"{folder}/other.timer"),
    ]  # fmt: skip


def test_what_an_image_starts_by_itself(ask, image) -> None:
    rows = ask("SELECT * FROM startup_items WHERE type = 'Startup Item'", image)
    items, scripts, kind = "/home/ann/.config/autostart/", "/home/ann/.config/autostart-scripts/", "Startup Item"
    assert [tuple(row.values()) for row in rows] == [
        ("Clock", "clock --big", None, kind, items, "enabled", "ann"),
        ("Off", "off", None, kind, items, "disabled", "ann"),
        ("run.sh", f"{scripts}run.sh", None, kind, scripts, "enabled", "ann"),
        ("cron", "/etc/init.d/cron", None, kind, "/etc/init.d/", "enabled", None),
        (None, None, None, kind, "/etc/xdg/autostart/", "enabled", None),
    ]
    rows = ask("SELECT name, path, source, status, username FROM startup_items WHERE type = 'systemd unit'", image)
    assert [row["name"] for row in rows] == ["back.timer", "none.service", "other.timer", "web.service"]
    assert rows[3]["username"] == "www"
    assert rows[0]["status"] == "enabled"
