from __future__ import annotations

import os
from pathlib import Path

import apsw
import pytest

from leadline.agent import buffer
from leadline.agent.errors import CatastropheError
from leadline.agent.identity import Identity
from leadline.agent.state import UPGRADES, State, open_state
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
    assert buffer.waiting(state, "tls") == 4
    buffer.taken(state, "tls", ["result", "snapshot"], batch.ids[:2], ("tls.result", "mark"))
    assert buffer.waiting(state, "tls") == 2
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


def test_lines_that_were_left_stay_in_their_place() -> None:
    state = State(None)
    buffer.add(state, ["tls"], "result", ["a", "b", "c", "d"])
    batch = buffer.peek(state, "tls", ["result", "snapshot"], 3, 100)
    assert batch.more
    buffer.taken(state, "tls", ["result", "snapshot"], batch.ids, None, [batch.ids[1]])
    after = buffer.peek(state, "tls", ["result", "snapshot"], 3, 100)
    assert (after.lines, after.more) == (["b", "d"], False)
    assert buffer.waiting(state, "tls") == 2
    state.close()


def test_a_failed_transaction_leaves_the_count_as_it_was() -> None:
    state = State(None)
    buffer.add(state, ["tls"], "result", ["a"])
    try:
        with state.transaction():
            buffer.add(state, ["tls"], "result", ["b"])
            raise KeyError
    except KeyError:
        pass
    assert buffer.waiting(state, "tls") == 1
    state.close()


def test_the_oldest_of_all_kinds_go_in_the_order_they_came() -> None:
    state = State(None)
    for number in range(6):
        buffer.add(state, ["tls"], ("result", "status", "snapshot")[number % 3], [str(number)])
    assert buffer.trim(state, "tls", 2) == {"result": 2, "status": 1, "snapshot": 1}
    assert buffer.peek(state, "tls", ["result", "status", "snapshot"], 9, 100).lines == ["4", "5"]
    assert buffer.waiting(state, "tls") == 2
    state.close()


def test_a_state_of_the_first_version_is_taken_on_with_its_lines_counted(tmp_path: Path) -> None:
    path = str(tmp_path / "agent.db")
    old = apsw.Connection(path)
    old.execute(UPGRADES[0])
    old.execute("PRAGMA user_version = 1")
    for logger, kind in (("tls", "result"), ("tls", "result"), ("tls", "status"), ("stdout", "result")):
        old.execute("INSERT INTO lines (logger, kind, line) VALUES (?, ?, '{}')", (logger, kind))
    old.close()
    state = State(path)
    assert [buffer.waiting(state, name) for name in ("tls", "stdout", "syslog")] == [3, 1, 0]
    state.close()
    State(path).close()


def test_a_newer_state_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "agent.db"
    other = apsw.Connection(str(path))
    other.execute("CREATE TABLE t (a); PRAGMA user_version = 999")
    other.close()
    with pytest.raises(CatastropheError, match="version 999"):
        State(str(path))


def test_the_file_gets_smaller_again_and_its_log_stays_small_while_a_backlog_goes(tmp_path: Path) -> None:
    path = tmp_path / "agent.db"
    state = State(str(path))
    for _ in range(40):
        buffer.add(state, ["tls"], "result", ["x" * 1000] * 1000)
    full = path.stat().st_size
    assert full > 40_000_000
    largest = 0
    while True:
        batch = buffer.peek(state, "tls", ["result", "snapshot"], 1024, 1 << 20)
        if not batch.ids:
            break
        buffer.taken(state, "tls", ["result", "snapshot"], batch.ids)
        largest = max(largest, Path(f"{path}-wal").stat().st_size)
    while state.shrink():
        pass
    state.connection.pragma("wal_checkpoint(TRUNCATE)")
    assert path.stat().st_size < full / 4
    assert largest < 12 << 20
    state.close()


def test_the_oldest_lines_go_when_there_are_too_many() -> None:
    state = State(None)
    buffer.add(state, ["tls", "stdout"], "result", [str(number) for number in range(5)])
    assert buffer.trim(state, "tls", 3) == {"result": 2}
    assert buffer.peek(state, "tls", ["result"], 10, 100).lines == ["2", "3", "4"]
    assert not buffer.trim(state, "tls", 0)
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
