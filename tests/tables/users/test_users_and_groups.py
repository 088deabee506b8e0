from __future__ import annotations

import grp
import os
import pwd
from pathlib import Path

import pytest

from leadline.catalogue.index import ALIASES, TABLES
from leadline.linux import passwd, usage
from leadline.sql.engine import Engine
from leadline.tables.users import user_groups


def test_users_of_a_captured_root_are_the_valid_lines_of_its_passwd_file(answer, root) -> None:
    assert answer("SELECT uid, username, directory, shell FROM users", root) == [
        (0, "root", "/root", "/bin/bash"),
        (1, "daemon", "/usr/sbin", "/usr/sbin/nologin"),
        (33, "www-data", "/var/www", "/usr/sbin/nologin"),
        (65534, "nobody", "/nonexistent", "/usr/sbin/nologin"),
        (1000, "ada", "/home/ada", "/bin/zsh"),
        (1000, "second", "/home/second", "/bin/sh"),
        (4294967294, "minus2", "", ""),
        (1001, "short", "", ""),
        (1003, "café", "/home/café", "/bin/sh"),
        (1004, "latin", "/home/latin", "/bin/sh"),
    ]


def test_ids_are_given_unsigned_and_as_signed_32_bit_numbers(answer, root) -> None:
    assert answer("SELECT uid, gid, uid_signed, gid_signed FROM users WHERE username = 'minus2'", root) == [
        (4294967294, 4294967294, -2, -2)
    ]
    assert answer("SELECT gid, gid_signed FROM groups WHERE groupname = 'minus2'", root) == [(4294967294, -2)]


def test_bytes_that_are_no_utf_8_are_escaped(answer, root) -> None:
    assert answer("SELECT description FROM users WHERE uid = 1004", root) == [("Ren\\xE9",)]


def test_hidden_columns_of_users_tell_what_was_asked(answer, root) -> None:
    sql = "SELECT uuid, pid_with_namespace, include_remote FROM users WHERE uid = 0"
    assert answer(sql, root) == [(None, 0, 0)]


def test_one_uid_may_have_several_users(answer, root) -> None:
    assert answer("SELECT username FROM users WHERE uid IN (1000, 33)", root) == [("www-data",), ("ada",), ("second",)]
    assert answer("SELECT username FROM users WHERE uid = 1000 AND username = 'ada'", root) == [("ada",)]
    assert answer("SELECT username FROM users WHERE uid = 33 AND username = 'ada'", root) == []


def test_the_name_service_is_not_asked_below_a_root(answer, root) -> None:
    warnings: list[tuple[str, str]] = []
    rows = answer(
        "SELECT username FROM users WHERE include_remote = 1 AND uid = 0",
        root,
        warn=lambda table, message: warnings.append((table, message)),
    )
    assert rows == []
    assert warnings[0][0] == "users"
    assert "local users" in warnings[0][1]


def test_live_users_are_those_of_pwd(answer) -> None:
    expected = {
        (u.pw_uid, u.pw_gid, u.pw_name, u.pw_gecos, u.pw_dir, u.pw_shell)
        for u in map(pwd.getpwnam, (line.split(":")[0] for line in Path("/etc/passwd").read_text().splitlines()))
    }
    sql = "SELECT uid, gid, username, description, directory, shell FROM users"
    assert set(answer(sql)) == expected
    assert set(answer(f"{sql} WHERE include_remote = 1")) >= expected
    assert answer(f"{sql} WHERE include_remote = 1 AND username = 'root'") == answer(f"{sql} WHERE uid = 0")
    assert answer(f"{sql} WHERE include_remote = 1 AND uid IN (0, 4000000000)") == answer(f"{sql} WHERE uid = 0")
    assert answer(f"{sql} WHERE include_remote = 1 AND username = 'no such user'") == []


def test_groups_of_a_captured_root(answer, root) -> None:
    assert answer("SELECT gid, groupname FROM groups", root) == [
        (0, "root"),
        (1, "daemon"),
        (27, "sudo"),
        (33, "www-data"),
        (998, "docker"),
        (1000, "ada"),
        (4294967294, "minus2"),
    ]
    assert answer("SELECT groupname FROM groups WHERE gid IN (27, 5)", root) == [("sudo",)]


def test_live_groups_are_those_of_grp(answer) -> None:
    assert set(answer("SELECT gid, groupname FROM groups")) == {(g.gr_gid, g.gr_name) for g in grp.getgrall()}
    assert answer("SELECT groupname FROM groups WHERE gid = 0") == [("root",)]
    assert answer("SELECT groupname FROM groups WHERE gid = 3999999999") == []


def test_user_groups_are_the_primary_group_then_those_that_list_the_user(answer, root) -> None:
    assert answer("SELECT gid FROM user_groups WHERE uid = 1000", root) == [(1000,), (27,), (998,)]
    assert answer("SELECT gid FROM user_groups WHERE uid = 1004", root) == [(1004,), (27,)]
    assert answer("SELECT uid FROM user_groups WHERE gid = 998", root) == [(1000,)]
    assert len(answer("SELECT * FROM user_groups WHERE uid = 1000 AND gid = 1000", root)) == 1


def test_live_user_groups_are_those_of_getgrouplist(answer) -> None:
    seen: dict[int, set[int]] = {}
    for line in Path("/etc/passwd").read_text().splitlines():
        user = pwd.getpwnam(line.split(":")[0])
        seen.setdefault(user.pw_uid, set(os.getgrouplist(user.pw_name, user.pw_gid)))
    assert set(answer("SELECT uid, gid FROM user_groups")) == {(uid, gid) for uid, gids in seen.items() for gid in gids}


@pytest.mark.parametrize(
    ("switch", "elsewhere"),
    [
        ("", False),
        ("passwd: files sss\ngroup:\tfiles systemd # sss\n", False),
        ("group: files [SUCCESS=merge] systemd\n", False),
        ("group: files [NOTFOUND=return] sss\n", True),
        ("group: files ldap\ngroup: files\n", True),
        ("group: files\ninitgroups: files sss\n", True),
        ("group: files sss\ninitgroups: files\n", False),
    ],
)
def test_groups_are_asked_of_a_service_that_is_not_this_machines(tree, switch, elsewhere) -> None:
    assert passwd.groups_elsewhere(tree({"etc/nsswitch.conf": switch})) is elsewhere


def test_the_name_service_gives_the_groups_of_a_user() -> None:
    assert user_groups._from_service("root", 0) == os.getgrouplist("root", 0)
    assert user_groups._from_service("no such user", 4) == [4]
    assert user_groups._from_service("no\0user", 4) == []


def test_a_root_without_files_has_no_users_and_no_groups(answer, tmp_path) -> None:
    for table in ("users", "groups", "user_groups"):
        assert answer(f"SELECT * FROM {table}", str(tmp_path)) == []


def test_a_join_reads_the_local_files_once(root) -> None:
    with Engine(tables=TABLES, aliases=ALIASES, root=root, read=usage.read) as engine:
        sql = "SELECT count(*) FROM users u CROSS JOIN user_groups m USING (uid) CROSS JOIN groups g ON g.gid = m.gid"
        ((rows,),) = list(engine.query(sql))
        costs = {cost.table: cost for cost in engine.scope.ledger.statements()[-1].costs.values()}
    passwd, group = (Path(root, "etc", name).stat().st_size for name in ("passwd", "group"))
    assert rows > 5
    assert costs["user_groups"].scans > 5
    assert costs["user_groups"].read == passwd + group
    assert costs["groups"].read == group
