"""What users keep for SSH: keys, known hosts, settings."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ED25519 = "AAAAC3NzaC1lZDI1NTE5AAAAIDk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5"
HASHED = "|1|c2FsdA==|aGFzaA== ssh-rsa A"
AUTHORIZED = f"""\
# for the harbour
ssh-ed25519 {ED25519} cod@reef
from="10.*",no-pty ssh-ed25519 {ED25519}

not a key
"""
CONFIG = """\
# my own
Compression yes
Host Reef *.SEA.example
    User Cod
\tIdentityFile ~/.ssh/id_reef

match host=x exec "true"
  Port=2222
"""
WARNING = "The {} table returns data based on the current user by default, consider JOINing against the users table"


@pytest.fixture
def root(homes) -> str:
    return homes(
        {
            "home/cod/.ssh/authorized_keys": AUTHORIZED,
            "home/eel/.ssh/authorized_keys2": f"ssh-ed25519 {ED25519} old place\n",
            "home/cod/.ssh/known_hosts": f"# hosts\nreef,10.0.0.1 ssh-ed25519 {ED25519}\n\n{HASHED}\n",
            "home/cod/.ssh/config": CONFIG,
            "etc/ssh/ssh_config": "Host *\n    SendEnv LANG\n",
        }
    )


def test_keys_that_may_log_in(ask, root) -> None:
    common = {"algorithm": "ssh-ed25519", "key": ED25519, "pid_with_namespace": 0}
    first = {"uid": 1001, "key_file": "/home/cod/.ssh/authorized_keys"}
    assert ask("SELECT *, pid_with_namespace FROM authorized_keys", root) == [
        {**common, **first, "options": "", "comment": "cod@reef"},
        {**common, **first, "options": 'from="10.*",no-pty', "comment": ""},
        {**common, "uid": 1002, "key_file": "/home/eel/.ssh/authorized_keys2", "options": "", "comment": "old place"},
    ]


def test_hosts_that_are_known(answer, root) -> None:
    path = "/home/cod/.ssh/known_hosts"
    assert answer("SELECT * FROM known_hosts", root) == [
        (1001, f"reef,10.0.0.1 ssh-ed25519 {ED25519}", path),
        (1001, HASHED, path),
    ]


def test_settings_stand_under_their_blocks_in_lower_case(answer, root) -> None:
    path = "/home/cod/.ssh/config"
    assert answer("SELECT * FROM ssh_configs", root) == [
        (1001, "", "compression yes", path),
        (1001, "host reef *.sea.example", "user cod", path),
        (1001, "host reef *.sea.example", "identityfile ~/.ssh/id_reef", path),
        (1001, 'match host=x exec "true"', "port=2222", path),
        (0, "host *", "sendenv lang", "/etc/ssh/ssh_config"),
    ]


@pytest.fixture
def keys(homes) -> str:
    """A root in which cod has private keys of several kinds among other files."""
    if shutil.which("ssh-keygen") is None:
        pytest.skip("OpenSSH is not installed")
    root = homes({"home/cod/.ssh/config": CONFIG, "home/cod/.ssh/sub/": b""})
    folder = Path(root, "home", "cod", ".ssh")
    for name, options in {
        "id_ecdsa": ("-t", "ecdsa", "-m", "PEM", "-N", ""),
        "id_ed25519": ("-t", "ed25519", "-N", "a fake secret", "-a", "1"),
        "id_rsa": ("-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "a fake secret"),
    }.items():
        subprocess.run(["ssh-keygen", "-q", *options, "-f", str(folder / name)], check=True)
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to("loop")
    (folder / "link").symlink_to("/home/cod/.ssh/id_ecdsa")
    (folder / os.fsdecode(b"\xff")).write_bytes((folder / "id_ecdsa").read_bytes())
    return root


def test_private_keys_and_nothing_else(ask, keys) -> None:
    ecdsa = {
        "encrypted": 0,
        "key_type": "ec",
        "key_group_name": "prime256v1",
        "key_length": 256,
        "key_security_bits": 128,
    }
    rows = ask("SELECT *, pid_with_namespace FROM user_ssh_keys ORDER BY path", keys)
    assert {row.pop("uid") for row in rows} == {1001}
    assert {row.pop("pid_with_namespace") for row in rows} == {0}
    assert {row.pop("path").removeprefix("/home/cod/.ssh/"): row for row in rows} == {
        "\\xFF": ecdsa,
        "id_ecdsa": ecdsa,
        "link": ecdsa,
        "id_ed25519": {
            "encrypted": 1, "key_type": "ed25519", "key_group_name": "", "key_length": 256, "key_security_bits": 128,
        },
        "id_rsa": {"encrypted": 1, "key_type": "", "key_group_name": "", "key_length": -1, "key_security_bits": -1},
    }  # fmt: skip


TABLES = ("authorized_keys", "known_hosts", "ssh_configs", "user_ssh_keys")


@pytest.mark.parametrize("name", TABLES)
def test_users_are_chosen_by_a_join(answer, keys, root, name) -> None:
    sql = f"SELECT DISTINCT username FROM users CROSS JOIN {name} USING (uid) WHERE username = 'cod'"
    assert answer(sql, root) == [("cod",)]
    assert answer(f"SELECT count(*) FROM users CROSS JOIN {name} USING (uid) WHERE username = 'nobody'", root) == [(0,)]


@pytest.mark.skipif(os.geteuid() != 0, reason="for other users there is no warning")
@pytest.mark.parametrize("name", TABLES)
def test_root_is_told_to_name_a_user(ask, program, name) -> None:
    warnings: list[str] = []
    ask(f"SELECT * FROM {name}", warn=lambda _, said: warnings.append(said))
    assert warnings[0] == WARNING.format(name)
    warnings.clear()
    ask(f"SELECT * FROM {name} WHERE uid = 0", warn=lambda _, said: warnings.append(said))
    ask(f"SELECT * FROM {name}", runtime=program(user_data_scope="local"), warn=lambda _, said: warnings.append(said))
    assert warnings == []


@pytest.mark.parametrize("name", ["authorized_keys", "user_ssh_keys"])
def test_the_homes_that_a_process_sees(answer, keys, root, seeing, name) -> None:
    pid = seeing(root, "home", "etc/passwd")
    namespace = f"SELECT DISTINCT uid, pid_with_namespace FROM {name} WHERE pid_with_namespace = {pid}"
    assert answer(f"{namespace} AND uid = 1001") == [(1001, pid)]
    assert answer(f"SELECT count(*) FROM {name} WHERE uid = 1001 AND pid_with_namespace = 0") == [(0,)]
