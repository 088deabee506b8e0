from __future__ import annotations

import os
import platform
from pathlib import Path

import pytest

SQL = "SELECT name, version, major, minor, patch, build, platform, platform_like, codename FROM os_version"


def release(root: Path, text: str, **others: str) -> str:
    (root / "etc").mkdir()
    if text:
        (root / "etc/os-release").write_text(text)
    for name, content in others.items():
        (root / "etc" / name.replace("_", "-")).write_text(content)
    return str(root)


def test_the_captured_root_is_read_through_its_own_absolute_link(answer, root) -> None:
    assert answer("SELECT * FROM os_version", root) == [
        ("Debian GNU/Linux", "12 (bookworm)", 12, 0, 0, "", "debian", "", "bookworm", "aarch64")
    ]


def test_live(answer) -> None:
    said = platform.freedesktop_os_release()
    row = answer("SELECT name, platform, arch, pid_with_namespace, mount_namespace_id FROM os_version")[0]
    assert row[0] == said["NAME"] or Path("/etc/redhat-release").exists()
    assert row[1] == said["ID"] or Path("/etc/redhat-release").exists()
    assert row[2:] == (os.uname().machine, 0, None)


@pytest.mark.parametrize(
    ("text", "others", "expected"),
    [
        (
            'NAME="Ubuntu"\nVERSION_ID="22.04"\nVERSION="22.04.3 LTS (Jammy Jellyfish)"\nID=ubuntu\nID_LIKE=debian\n'
            "UBUNTU_CODENAME=jammy\n",
            {},
            ("Ubuntu", "22.04.3 LTS (Jammy Jellyfish)", 22, 4, 0, "", "ubuntu", "debian", "jammy"),
        ),
        (
            "NAME='Alpine Linux'\n# comment\nID=alpine\nVERSION_ID=3.19.1\nBUILD_ID=x7\n",
            {},
            ("Alpine Linux", "", 3, 19, 1, "x7", "alpine", "", ""),
        ),
        (
            'NAME="Red Hat Enterprise Linux"\nVERSION="9.3 (Plow)"\nID="rhel"\nVERSION_ID="9.3"\n',
            {"redhat_release": "Red Hat Enterprise Linux release 9.3 (Plow)\n"},
            (
                "Red Hat Enterprise Linux", "Red Hat Enterprise Linux release 9.3 (Plow)", 9, 3, 0, "", "rhel", "rhel",
                "",
            ),
        ),
        (
            "",
            {"redhat_release": "CentOS Linux release 7.9.2009 (Core)\n"},
            ("CentOS Linux", "CentOS Linux release 7.9.2009 (Core)", 7, 9, 2009, "", "rhel", "rhel", ""),
        ),
        (
            "",
            {"gentoo_release": "Gentoo Base System release 2.14\n"},
            ("Gentoo Base System", "Gentoo Base System release 2.14", 2, 14, 0, "", "gentoo", "gentoo", ""),
        ),
        ("ID=arch\nNAME=\"A \\\"quoted\\\" \\$name\"\nBUILD_ID=rolling\n=x\njunk\n", {},
         ('A "quoted" $name', "", 0, 0, 0, "rolling", "arch", "", "")),
        ("VERSION_ID=99999999999999999999\n", {}, ("Unknown", "", 999999999, 0, 0, "", "posix", "", "")),
        ("", {}, ("Unknown", "", 0, 0, 0, "", "posix", "", "")),
    ],
)  # fmt: skip
def test_other_distributions(answer, tmp_path, text, others, expected) -> None:
    assert answer(SQL, release(tmp_path, text, **others)) == [expected]
