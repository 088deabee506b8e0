from __future__ import annotations

import os
from pathlib import Path

import pytest

from leadline.linux import setid

# /tmp is walked too, but what other programs do there while we look is theirs.
STILL = [place for place in setid.PLACES if place != "/tmp"]


def plant(root: Path, path: str, mode: int = 0o644, content: str = "") -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
    file.chmod(mode)


def test_programs_are_told_with_owner_and_bits(answer, tmp_path) -> None:
    uid, gid = os.getuid(), os.getgid()
    plant(tmp_path, "etc/passwd", content=f"ada:x:{uid}:{gid}::/:\nalso:x:{uid}:{gid}::/:\n")
    plant(tmp_path, "etc/group", content=f"crew:x:{gid}:\n")
    plant(tmp_path, "usr/bin/su", 0o4755)
    plant(tmp_path, "usr/sbin/both", 0o6755)
    plant(tmp_path, "tmp/a/b/group", 0o2755)
    plant(tmp_path, "usr/bin/plain", 0o755)
    plant(tmp_path, "opt/elsewhere", 0o4755)
    (tmp_path / "bin").symlink_to("usr/bin")
    assert sorted(answer("SELECT * FROM suid_bin", str(tmp_path))) == [
        ("/bin/su", "ada", "crew", "S"),
        ("/tmp/a/b/group", "ada", "crew", "G"),
        ("/usr/bin/su", "ada", "crew", "S"),
        ("/usr/sbin/both", "ada", "crew", "SG"),
    ]


def test_owners_without_a_name_are_numbers(answer, tmp_path) -> None:
    plant(tmp_path, "etc/passwd")
    plant(tmp_path, "usr/bin/su", 0o6755)
    numbers = str(os.getuid()), str(os.getgid())
    assert answer("SELECT username, groupname FROM suid_bin", str(tmp_path)) == [numbers]


def test_programs_of_this_machine_are_those_that_find_finds(answer, tool) -> None:
    listed = tool("find", *(f"{place}/" for place in STILL if os.path.isdir(place)), "-type", "f", "-perm", "/6000",
                  "-printf", "%p %u %g\\n")  # fmt: skip
    rows = answer("SELECT path, username, groupname, permissions FROM suid_bin WHERE path NOT LIKE '/tmp/%'")
    files = [row for row in rows if not os.path.islink(row[0])]
    assert sorted(row[:3] for row in files) == sorted(tuple(line.split()) for line in listed.splitlines())
    for path, _, _, permissions in rows:
        mode = os.stat(path).st_mode
        assert permissions == "S" * bool(mode & 0o4000) + "G" * bool(mode & 0o2000)
        assert permissions


def test_another_mount_namespace_is_looked_at_by_its_process(answer) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may enter a mount namespace")
    own = [path for path, _ in setid.programs("", STILL, lambda: False)]
    rows = answer(f"SELECT path, pid_with_namespace FROM suid_bin WHERE pid_with_namespace = {os.getpid()}"
                  " AND path NOT LIKE '/tmp/%'")  # fmt: skip
    assert sorted(rows) == sorted((path, os.getpid()) for path in own)
