"""The shadow and sudoers tables."""

from __future__ import annotations

import os
import subprocess

import pytest

SHADOW = """\
root:$6$salt$hash:19000:0:99999:7:::
daemon:*:19000:0:99999:7:::
cod:$y$j9T$salt$hash:19001:1:90:7:14:20000:
eel:!$6$salt$hash:0:0:99999:7:::
ray::19000::::::3
new:!!:19000:0:99999:7:::
old:AbCdEfGhIjKlM:19000:0:99999:7:::
bad:*:many:0:99999:7:::
+nis
x:x:1:2:3:4:5:6:99999999999999999999
"""


def test_what_is_known_about_passwords(answer, tree) -> None:
    root = tree({"etc/shadow": SHADOW})
    assert answer("SELECT * FROM shadow", root) == [
        ("active", "6", 19000, 0, 99999, 7, -1, -1, None, "root"),
        ("locked", None, 19000, 0, 99999, 7, -1, -1, None, "daemon"),
        ("active", "y", 19001, 1, 90, 7, 14, 20000, None, "cod"),
        ("locked", None, 0, 0, 99999, 7, -1, -1, None, "eel"),
        ("empty", None, 19000, -1, -1, -1, -1, -1, 3, "ray"),
        ("not_set", None, 19000, 0, 99999, 7, -1, -1, None, "new"),
        ("active", None, 19000, 0, 99999, 7, -1, -1, None, "old"),
    ]
    assert answer("SELECT password_status FROM shadow WHERE username IN ('ray', 'nobody')", root) == [("empty",)]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may read the shadow file")
def test_the_shadow_file_of_this_machine_is_what_getent_shows(ask) -> None:
    listed = subprocess.run(["getent", "shadow"], capture_output=True, check=True).stdout.decode().splitlines()
    rows = {row["username"]: row for row in ask("SELECT * FROM shadow")}
    assert list(rows) == [line.split(":")[0] for line in listed]
    for line in listed:
        name, password, *numbers = line.split(":")
        columns = ("last_change", "min", "max", "warning", "inactive", "expire")
        assert [rows[name][column] for column in columns] == [int(number) if number else -1 for number in numbers[:6]]
        assert (rows[name]["password_status"] == "locked") == password.startswith(("!", "*", "x"))


def test_without_the_files_there_are_no_rows(answer, tmp_path) -> None:
    assert answer("SELECT * FROM shadow", str(tmp_path)) == []
    assert answer("SELECT * FROM sudoers", str(tmp_path)) == []


def test_rules_of_sudo_with_what_they_include(answer, tree) -> None:
    root = tree(
        {
            "etc/sudoers": "Defaults\tenv_reset\nroot ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n",
            "etc/sudoers.d/README": "# nothing\n",
            "etc/sudoers.d/cod": "cod ALL=(ALL) \\\n    NOPASSWD: /bin/net, \\\n    /bin/line\n",
        }
    )
    assert answer("SELECT * FROM sudoers", root) == [
        ("/etc/sudoers", "Defaults", "env_reset"),
        ("/etc/sudoers", "root", "ALL=(ALL:ALL) ALL"),
        ("/etc/sudoers", "@includedir", "/etc/sudoers.d"),
        ("/etc/sudoers.d/cod", "cod", "ALL=(ALL) NOPASSWD: /bin/net, /bin/line"),
    ]
