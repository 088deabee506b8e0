from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.linux import desktop
from leadline.linux.systemd import escaped, unitfiles

SYSTEM = "usr/lib/systemd/system"
INSTALL = "[Install]\nWantedBy=multi-user.target\n"


@pytest.fixture
def plant(tmp_path: Path):
    """``plant({"etc/a": "text", "etc/b": Path("/target")})``: a root with these files and links."""

    def planted(contents: dict[str, str | Path]) -> str:
        for name, content in contents.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, Path):
                path.symlink_to(content)
            else:
                path.write_text(content)
        return str(tmp_path)

    return planted


def parsed(text: str) -> unitfiles.Sections:
    sections: unitfiles.Sections = {}
    unitfiles.parse(text.encode(), sections)
    return sections


def test_settings_are_read_by_section() -> None:
    assert parsed(
        "stray=1\n[Unit]\nDescription = Web server \n# a comment\n; another\nAfter=a.service\nAfter=b.service\n\n"
        "[Service]\nExecStart=/bin/x a \\\n# between\n  b\nUser=web\nEnvironment=A=1\nEnvironment=\nEnvironment=B=2\n"
    ) == {
        "Unit": {"Description": ["Web server"], "After": ["a.service", "b.service"]},
        "Service": {"ExecStart": ["/bin/x a    b"], "User": ["web"], "Environment": ["B=2"]},
    }


def test_states_of_unit_files(plant) -> None:
    root = plant(
        {
            f"{SYSTEM}/on.service": INSTALL,
            f"{SYSTEM}/off.service": INSTALL,
            f"{SYSTEM}/runtime.service": INSTALL,
            f"{SYSTEM}/static.service": "[Unit]\nDescription=x\n",
            f"{SYSTEM}/also.service": "[Install]\nAlso=on.service\n",
            f"{SYSTEM}/hidden.service": INSTALL,
            f"{SYSTEM}/gone.service": INSTALL,
            f"{SYSTEM}/alias.service": Path("off.service"),
            f"{SYSTEM}/named.service": "[Install]\nAlias=other.service\n",
            f"{SYSTEM}/getty@.service": "[Unit]\nDescription=Getty on %I (%n, %p, 100%%)\n" + INSTALL,
            f"{SYSTEM}/basic.target.wants/static.service": Path("../static.service"),
            "etc/systemd/system/hidden.service": Path("/dev/null"),
            "etc/systemd/system/other.service": Path("/usr/lib/systemd/system/named.service"),
            "etc/systemd/system/multi-user.target.wants/on.service": Path("/usr/lib/systemd/system/on.service"),
            "etc/systemd/system/getty.target.wants/getty@tty1.service": Path("/usr/lib/systemd/system/getty@.service"),
            "etc/systemd/system/linked.service": Path("/opt/app/linked.service"),
            "opt/app/linked.service": "[Service]\nExecStart=/bin/true\n",
            "run/systemd/system/multi-user.target.wants/runtime.service": Path(
                "/usr/lib/systemd/system/runtime.service"
            ),
            "run/systemd/system/gone.service": "",
            "run/systemd/generator/srv.mount": "[Unit]\nSourcePath=/etc/fstab\n",
            "run/systemd/transient/run-1.scope": "[Scope]\n",
            "etc/systemd/system/README": "no unit",
        }
    )
    assert {one.id: one.state for one in unitfiles.units(root)} == {
        "also.service": "indirect",
        "alias.service": "alias",
        "getty@.service": "enabled",
        "getty@tty1.service": "enabled",
        "gone.service": "masked-runtime",
        "hidden.service": "masked",
        "linked.service": "linked",
        "named.service": "enabled",
        "off.service": "disabled",
        "on.service": "enabled",
        "other.service": "alias",
        "run-1.scope": "transient",
        "runtime.service": "enabled-runtime",
        "srv.mount": "generated",
        "static.service": "static",
    }
    by_id = {one.id: one for one in unitfiles.units(root)}
    assert by_id["getty@tty1.service"].last("Unit", "Description") == "Getty on tty1 (getty@tty1.service, getty, 100%)"
    assert by_id["getty@tty1.service"].path == "/usr/lib/systemd/system/getty@.service"
    assert by_id["srv.mount"].last("Unit", "SourcePath") == "/etc/fstab"
    assert [one.id for one in unitfiles.units(root, ".mount")] == ["srv.mount"]


def test_drop_ins_change_settings_in_order(plant) -> None:
    root = plant(
        {
            f"{SYSTEM}/a.service": "[Service]\nUser=first\n[Unit]\nDescription=Old\n",
            f"{SYSTEM}/a.service.d/20.conf": "[Service]\nUser=masked\n",
            "etc/systemd/system/a.service.d/20.conf": "[Service]\nUser=second\n",
            "etc/systemd/system/a.service.d/10.conf": "[Service]\nUser=early\n[Unit]\nDescription=New\n",
            "etc/systemd/system/a.service.d/notes": "[Service]\nUser=no\n",
            "run/systemd/system/b@.service": "[Service]\nUser=u\n",
        }
    )
    (one, _) = unitfiles.units(root)
    assert one.last("Service", "User") == "second"
    assert one.last("Unit", "Description") == "New"
    assert one.last("Unit", "SourcePath") is None


def test_what_a_persistent_timer_left_behind(plant) -> None:
    root = plant({"var/lib/systemd/timers/stamp-a.timer": ""})
    os.utime(f"{root}/var/lib/systemd/timers/stamp-a.timer", (5, 1_700_000_000))
    assert unitfiles.stamp(root, "a.timer") == 1_700_000_000
    assert unitfiles.stamp(root, "b.timer") is None


def test_links_out_of_the_image_stay_inside(plant) -> None:
    root = plant({"etc/systemd/system/x.service": Path("/../../../../etc/hostname")})
    (one,) = unitfiles.units(root)
    assert one.sections == {}


def test_this_machines_unit_files_are_as_systemctl_sees_them() -> None:
    if not shutil.which("systemctl") or not os.path.isdir("/usr/lib/systemd/system"):
        pytest.skip("no systemctl")
    listed = subprocess.run(
        ["systemctl", "--root=/", "list-unit-files", "--no-legend", "--no-pager"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    theirs = {line.split()[0]: line.split()[1] for line in listed.splitlines()}
    ours = {one.id: one.state for one in unitfiles.units("") if "@" not in one.id or "@." in one.id}
    assert {name: ours.get(name) for name in theirs} == theirs


TEXT = st.text(st.sampled_from("[]=\\\n#; %aUni\0@-."), max_size=200).map(str.encode)


@given(st.binary(max_size=400) | TEXT)
def test_any_bytes_are_taken(data: bytes) -> None:
    sections: unitfiles.Sections = {}
    unitfiles.parse(data, sections)
    one = unitfiles.UnitFile("a-b@c\\x2d.service", "", "", sections)
    for section, settings in sections.items():
        for key in settings:
            (one.last(section, key) or "").encode()
            assert len(one.every(section, key)) == len(settings[key])
    settings = desktop.entry(data)
    assert desktop.disabled(settings) in (True, False)
    assert all(key.encode() is not None and value.encode() is not None for key, value in settings.items())


@given(st.text(st.sampled_from("a\\x2dfé-"), max_size=20))
def test_any_name_is_unescaped(name: str) -> None:
    escaped.unescaped(name).encode()


def test_desktop_files() -> None:
    data = b"""# comment
[Desktop Entry]
Name=Clock
Name[de]=Uhr
Name=Second
Exec=/usr/bin/clock --a=b
X-GNOME-Autostart-enabled=False

[Desktop Action new]
Name=New
Exec=/usr/bin/other
"""
    settings = desktop.entry(data)
    assert settings["Name"] == "Clock"
    assert settings["Exec"] == "/usr/bin/clock --a=b"
    assert desktop.disabled(settings)
    assert not desktop.disabled({"Hidden": "false"})
    assert desktop.disabled({"Hidden": "true"})
    assert desktop.entry(b"Name=none\n") == {}


def test_many_templates_with_many_instances_take_no_time(tmp_path: Path) -> None:
    folder = tmp_path / "etc/systemd/system"
    (folder / "multi-user.target.wants").mkdir(parents=True)
    for number in range(2000):
        (folder / f"a{number}@.service").write_text("[Service]\n")
        (folder / f"multi-user.target.wants/a{number}@x.service").symlink_to(f"../a{number}@.service")
    start = time.process_time()
    assert {unit.state for unit in unitfiles.units(str(tmp_path))} == {"enabled"}
    assert time.process_time() - start < 2


def test_of_many_drop_ins_the_first_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "etc/systemd/system"
    (folder / "a.service.d").mkdir(parents=True)
    (folder / "a.service").write_text("[Service]\n")
    for number in range(1000):
        (folder / f"a.service.d/{number:04}.conf").write_text(f"[Service]\nUser=u{number}\n")
    [unit] = unitfiles.units(str(tmp_path))
    assert unit.last("Service", "User") == "u199"
