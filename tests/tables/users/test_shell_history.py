from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture
def root(homes) -> str:
    return homes(
        {
            "home/cod/.bash_history": "#1700000000\nls -l\npwd\n",
            "home/eel/.zsh_history": ": 1700000001:0;make\n",
            "home/eel/.bash_sessions/1.history": "exit\n",
            "root/.history": "whoami\n",
        }
    )


def test_what_each_user_has_typed(answer, root) -> None:
    assert answer("SELECT * FROM shell_history", root) == [
        (0, 0, "whoami", "/root/.history"),
        (1001, 1700000000, "ls -l", "/home/cod/.bash_history"),
        (1001, 0, "pwd", "/home/cod/.bash_history"),
        (1002, 1700000001, "make", "/home/eel/.zsh_history"),
        (1002, 0, "exit", "/home/eel/.bash_sessions/1.history"),
    ]


def test_one_user_s_by_number_and_by_join(answer, root) -> None:
    assert answer("SELECT command FROM shell_history WHERE uid = 1002", root) == [("make",), ("exit",)]
    sql = "SELECT username, command FROM users CROSS JOIN shell_history USING (uid) WHERE username = 'cod'"
    assert answer(sql, root) == [("cod", "ls -l"), ("cod", "pwd")]


@pytest.mark.skipif(os.geteuid() != 0, reason="for other users there is no warning")
def test_on_this_machine_it_is_the_current_user_s_unless_all_are_asked_for(ask, program) -> None:
    warnings: list[str] = []
    own = ask("SELECT DISTINCT uid FROM shell_history", warn=lambda _, said: warnings.append(said))
    assert own in ([], [{"uid": 0}])
    assert "shell_history table returns data based on the current user" in warnings[0]
    warnings.clear()
    everybody = ask(
        "SELECT DISTINCT uid FROM shell_history",
        runtime=program(user_data_scope="local"),
        warn=lambda _, said: warnings.append(said),
    )
    assert len(everybody) >= len(own)
    assert warnings == []


def test_pipes_and_links_out_of_the_root_are_no_histories(answer, homes, tmp_path) -> None:
    root = homes({})
    home = Path(root, "home", "cod")
    os.mkfifo(home / ".bash_history")
    (home / ".history").symlink_to("/etc/passwd")
    (home / ".sh_history").symlink_to("/proc/self/environ")
    assert {path for (path,) in answer("SELECT history_file FROM shell_history", root)} == {"/home/cod/.history"}
    assert ("cod:x:1001:1001::/home/cod:/bin/bash",) in answer("SELECT command FROM shell_history", root)
