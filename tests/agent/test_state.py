from __future__ import annotations

import os
from pathlib import Path

import pytest

from leadline.agent import buffer
from leadline.agent.errors import CatastropheError
from leadline.agent.identity import Identity
from leadline.agent.state import State, open_state
from leadline.flags import Flags


def test_what_is_stored_is_there_after_a_restart_and_for_the_owner_only(tmp_path: Path) -> None:
    directory = tmp_path / "new" / "db"
    state, mended = open_state(str(directory))
    assert mended == ""
    state.put("configurations", "nodeKey", "nk1")
    state.close()
    assert (directory / "agent.db").stat().st_mode & 0o777 == 0o600
    assert directory.stat().st_mode & 0o777 == 0o700
    state, _ = open_state(str(directory))
    assert state.get("configurations", "nodeKey") == "nk1"
    state.remove("configurations", "nodeKey")
    assert state.get("configurations", "nodeKey") is None
    state.close()


def test_a_damaged_file_is_moved_away(tmp_path: Path) -> None:
    (tmp_path / "agent.db").write_bytes(b"this is no database" * 100)
    state, mended = open_state(str(tmp_path))
    assert "begun anew" in mended
    state.put("d", "k", "v")
    state.close()
    assert (tmp_path / "agent.db.backup").read_bytes().startswith(b"this is no database")


def test_a_state_of_another_version_is_left_alone(tmp_path: Path) -> None:
    state, _ = open_state(str(tmp_path))
    state.connection.execute("PRAGMA user_version = 99")
    state.close()
    with pytest.raises(CatastropheError, match="version 99"):
        open_state(str(tmp_path))


def test_a_directory_that_cannot_be_made_is_a_catastrophe(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CatastropheError, match=r"Not a directory|File exists"):
        open_state(str(tmp_path / "file" / "db"))


def test_a_transaction_that_fails_leaves_nothing_not_even_what_was_nested() -> None:
    state = State(None)

    def fail() -> None:
        with state.transaction():
            buffer.add(state, ["tls"], "result", ["{}"])
            state.put("d", "k", "v")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert state.get("d", "k") is None
    assert buffer.peek(state, "tls", ["result"], 10, 100).ids == []
    state.close()


def test_lines_wait_for_each_logger_in_order_and_leave_when_taken() -> None:
    state = State(None)
    buffer.add(state, ["tls", "filesystem"], "result", ["a", "b"])
    buffer.add(state, ["tls"], "snapshot", ["c"])
    buffer.add(state, ["tls"], "status", ["d"])
    batch = buffer.peek(state, "tls", ["result", "snapshot"], 10, 100)
    assert batch.lines == ["a", "b", "c"]
    buffer.taken(state, batch.ids[:2], ("tls.result", "mark"))
    assert state.get("receipts", "tls.result") == "mark"
    assert buffer.peek(state, "tls", ["result", "snapshot"], 10, 100).lines == ["c"]
    assert buffer.peek(state, "filesystem", ["result"], 1, 100).lines == ["a"]
    assert buffer.forget(state, ["tls"]) == 2
    state.close()


def test_a_batch_is_limited_by_size_but_never_empty() -> None:
    state = State(None)
    buffer.add(state, ["tls"], "result", ["x" * 60, "y" * 60, "z"])
    assert len(buffer.peek(state, "tls", ["result"], 10, 100).ids) == 1
    assert len(buffer.peek(state, "tls", ["result"], 10, 1).ids) == 1
    assert len(buffer.peek(state, "tls", ["result"], 10, 121).ids) == 3
    state.close()


def test_the_oldest_lines_go_when_there_are_too_many() -> None:
    state = State(None)
    buffer.add(state, ["tls", "stdout"], "result", [str(number) for number in range(5)])
    assert buffer.trim(state, "tls", 3) == 2
    assert buffer.peek(state, "tls", ["result"], 10, 100).lines == ["2", "3", "4"]
    assert buffer.trim(state, "tls", 0) == 0
    assert len(buffer.peek(state, "stdout", ["result"], 10, 100).ids) == 5
    state.close()


def test_the_identifier_is_what_the_flag_asks_for(tmp_path: Path) -> None:
    state = State(None)
    flags = Flags()
    (tmp_path / "sys/class/dmi/id").mkdir(parents=True)
    product = tmp_path / "sys/class/dmi/id/product_uuid"
    product.write_text("569028fc-3797-466f-b992-7ec27c5444ab\n")
    identity = Identity(flags, state, str(tmp_path))
    assert identity.identifier() == os.uname().nodename
    for word, expected in (
        ("uuid", "569028fc-3797-466f-b992-7ec27c5444ab"),
        ("instance", identity.instance),
        ("ephemeral", identity.ephemeral),
        ("specified", "web-1"),
    ):
        flags.set("host_identifier", word, "command line")
        flags.set("specified_identifier", "web-1", "command line")
        assert identity.identifier() == expected
    product.write_text("03000200-0400-0500-0006-000700080009\n")
    again = Identity(flags, state, str(tmp_path))
    assert (again.uuid, again.instance) == (identity.uuid, identity.instance)
    assert again.ephemeral != identity.ephemeral
    assert len(Identity(flags, State(None), str(tmp_path)).uuid) == 36
    state.close()
