"""Carves of a daemon, delivered to a server over real TLS."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import tarfile
import time
from base64 import b64decode
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import zstandard

from leadline.agent.carving.records import Records
from leadline.agent.state import open_state
from leadline.flags import Flags

Start = Callable[..., Any]

CARVE = (
    "--disable_carver=false",
    "--carver_disable_function=false",
    "--carver_start_endpoint=/carve/start",
    "--carver_continue_endpoint=/carve/continue",
)


def contents(archive: bytes) -> dict[str, bytes]:
    """The files of an archive by their paths, without the list at its end."""
    with tarfile.open(fileobj=BytesIO(archive)) as tar:
        found = {}
        for member in tar:
            file = tar.extractfile(member)
            assert file is not None
            found[f"/{member.name}"] = file.read()
    return {path: content for path, content in found.items() if not path.startswith("/carve_")}


def tree(folder: Path, size: int = 300_000) -> dict[str, bytes]:
    """Files with odd names; their paths and contents."""
    (folder / "sub").mkdir(parents=True)
    for name in (b"a", b"100%", b"%%", b"sub/\xff\xfe", "sub/é".encode()):
        (folder / os.fsdecode(name)).write_bytes(os.urandom(size))
    (folder / "link").symlink_to("a")
    with (folder / "sparse").open("wb") as file:
        file.truncate(3 << 20)
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def whole(fleet: Any, number: int = 1) -> Any:
    """The upload with that number, when all of it is there."""
    uploads = list(fleet.carves.values())
    return uploads[number - 1] if len(uploads) >= number and uploads[number - 1].whole() else None


def answers(fleet: Any) -> dict[str, list[dict[str, str]]]:
    """What distributed queries answered, by id."""
    return {id: rows for request in fleet.seen("/write") for id, rows in request.body["queries"].items()}


def ask(fleet: Any, running: Any, sql: str) -> list[dict[str, str]]:
    """The answer to a distributed query."""
    id = f"query{time.monotonic_ns()}"
    fleet.work.append({"queries": {id: sql}})
    running.until(lambda: id in answers(fleet))
    return answers(fleet)[id]


def status(fleet: Any, running: Any, guid: str) -> str:
    return ask(fleet, running, f"SELECT status FROM carves WHERE carve_guid = '{guid}'")[0]["status"]


def settled(fleet: Any, running: Any, guid: str) -> str:
    """The status in which a carve ends."""
    while (found := status(fleet, running, guid)) in ("SCHEDULED", "STARTING", "PENDING"):
        time.sleep(0.1)
    return found


def archives(tmp_path: Path) -> list[Path]:
    directory = tmp_path / "db" / "carves"
    return list(directory.iterdir()) if directory.exists() else []


def test_a_query_starts_a_carve_that_is_delivered_as_osquery_does_it(fleet: Any, daemon: Start, tmp_path: Path) -> None:
    expected = tree(tmp_path / "tree")
    fleet.work.append({"queries": {"q1": f"SELECT * FROM carves WHERE path LIKE '{tmp_path}/tree/%%' AND carve = 1"}})
    running = daemon(*fleet.flags(tmp_path), *CARVE)
    upload = running.until(lambda: whole(fleet))
    assert contents(upload.content()) == expected
    (row,) = answers(fleet)["q1"]
    assert row == {
        "time": row["time"], "sha256": "", "size": "-1", "path": f"{tmp_path}/tree/%%", "status": "SCHEDULED",
        "carve_guid": row["carve_guid"], "request_id": "q1", "carve": "1",
    }  # fmt: skip
    assert abs(int(row["time"]) - time.time()) < 60
    (begin,) = fleet.seen("/carve/start")
    size = len(upload.content())
    assert begin.text == (
        f'{{"block_count":{-(-size // 8192)},"block_size":8192,"carve_size":{size},'
        f'"carve_id":"{row["carve_guid"]}","request_id":"q1","node_key":"nk1"}}'
    )
    blocks = fleet.seen("/carve/continue")
    assert re.fullmatch(
        r'\{"block_id":0,"session_id":"session 1","request_id":"q1","data":"[A-Za-z0-9+/=]+"\}', blocks[0].text
    )
    assert {block.headers["Authorization"] for block in blocks} == {"NodeKey nk1"}
    assert [block.body["block_id"] for block in blocks] == list(range(begin.body["block_count"]))
    assert {len(b64decode(block.body["data"])) for block in blocks[:-1]} == {8192}
    assert settled(fleet, running, row["carve_guid"]) == "SUCCESS"
    (after,) = ask(fleet, running, "SELECT * FROM carves")
    digest = hashlib.sha256(upload.content()).hexdigest()
    assert after == {**row, "status": "SUCCESS", "sha256": digest, "size": str(size), "carve": "0"}
    assert archives(tmp_path) == []
    assert running.stop() == 0


def test_the_function_carves_all_paths_of_a_query_at_once(fleet: Any, daemon: Start, tmp_path: Path) -> None:
    expected = tree(tmp_path / "tree", 1000)
    running = daemon(*fleet.flags(tmp_path), *CARVE, "--carver_block_size=1000000", "--carver_compression=true")
    sql = f"SELECT carve(path) FROM file WHERE path LIKE '{tmp_path}/tree/%%' AND type = 'regular'"
    assert ask(fleet, running, sql) == [{"carve(path)": "Carve Started"}]
    upload = running.until(lambda: whole(fleet))
    unpacked = zstandard.ZstdDecompressor().stream_reader(upload.content()).read()
    assert contents(unpacked) == expected
    assert ask(fleet, running, "SELECT carve(path) AS c FROM file WHERE path = '/nope'") == [
        {"c": "Carve Failed: no path was given"}
    ]
    rows = ask(fleet, running, f"SELECT path FROM carves WHERE path IN ('{tmp_path}/tree/100%', '/nope') AND carve = 1")
    assert sorted(row["path"] for row in rows) == ["/nope", f"{tmp_path}/tree/100%"]
    found = running.until(lambda: whole(fleet, 2) and whole(fleet, 3) and list(fleet.carves.values())[1:])
    carved = [contents(zstandard.ZstdDecompressor().stream_reader(upload.content()).read()) for upload in found]
    path = f"{tmp_path}/tree/100%"
    assert sorted(carved, key=len) == [{}, {path: expected[path]}]
    assert running.stop() == 0


def test_a_carver_that_is_disabled_says_so(fleet: Any, daemon: Start, tmp_path: Path) -> None:
    running = daemon(*fleet.flags(tmp_path), "--carver_disable_function=false")
    assert ask(fleet, running, "SELECT carve('/etc/hosts') AS c") == [
        {"c": "Carve Failed: the carver is disabled (--disable_carver)"}
    ]
    assert ask(fleet, running, "SELECT * FROM carves WHERE path = '/etc/hosts' AND carve = 1") == []
    running.until(lambda: "No carve was started: the carver is disabled (--disable_carver)" in running.complaints())
    assert running.stop() == 0
    running = daemon(*fleet.flags(tmp_path), "--disable_carver=false")
    assert ask(fleet, running, "SELECT carve('/etc/hosts') AS c") == [
        {"c": "Carve Failed: function disabled (--carver_disable_function)"}
    ]
    assert "Carves will fail: no endpoint is set (--carver_start_endpoint)" in running.complaints()
    (row,) = ask(fleet, running, "SELECT * FROM carves WHERE path = '/etc/hosts' AND carve = 1")
    assert settled(fleet, running, row["carve_guid"]) == "DATA POST FAILED"
    assert fleet.seen("/carve/start") == []
    assert running.stop() == 0


def test_blocks_come_through_lost_connections_errors_and_a_restart_of_the_server(
    fleet: Any, daemon: Start, tmp_path: Path
) -> None:
    expected = tree(tmp_path / "tree")
    fleet.answers["/carve/start"].append((503, b"", {"Retry-After": "1"}))
    fleet.losses["/carve/continue"] = 1
    fleet.answers["/carve/continue"] += [(500, b"<html>oops</html>", {}), (429, b'{"error":"slow"}', {})]
    running = daemon(*fleet.flags(tmp_path), *CARVE)
    ask(fleet, running, f"SELECT * FROM carves WHERE path LIKE '{tmp_path}/tree/%%' AND carve = 1")
    running.until(lambda: len(fleet.seen("/carve/continue")) > 30)
    fleet.leave()
    taken = len(next(iter(fleet.carves.values())).blocks)
    time.sleep(1.5)
    fleet.listen()
    upload = running.until(lambda: whole(fleet), 30)
    assert contents(upload.content()) == expected
    assert len(fleet.carves) == 1
    assert 0 < taken < len(upload.blocks)
    assert running.stop() == 0


def test_an_upload_goes_on_at_its_block_after_a_kill(fleet: Any, daemon: Start, tmp_path: Path) -> None:
    expected = tree(tmp_path / "tree", 2_000_000)
    running = daemon(*fleet.flags(tmp_path), *CARVE)
    ask(fleet, running, f"SELECT * FROM carves WHERE path LIKE '{tmp_path}/tree/%%' AND carve = 1")
    for number in (1, 2, 3):
        running.until(lambda number=number: len(fleet.seen("/carve/continue")) > 40 * number)
        (archive,) = archives(tmp_path)
        assert archive.stat().st_mode & 0o777 == 0o600
        assert archive.parent.stat().st_mode & 0o777 == 0o700
        running.stop(signal.SIGKILL)
        running = daemon(*fleet.flags(tmp_path), *CARVE)
    upload = running.until(lambda: whole(fleet), 60)
    assert contents(upload.content()) == expected
    assert len(fleet.carves) == 1
    sent = [request.body["block_id"] for request in fleet.seen("/carve/continue")]
    assert sent == sorted(sent)
    assert len(sent) - len(upload.blocks) <= 3
    running.until(lambda: archives(tmp_path) == [])
    assert running.stop() == 0


def test_an_archive_is_made_anew_when_it_is_not_what_was_noted(fleet: Any, daemon: Start, tmp_path: Path) -> None:
    expected = tree(tmp_path / "tree", 2_000_000)
    running = daemon(*fleet.flags(tmp_path), *CARVE)
    ask(fleet, running, f"SELECT * FROM carves WHERE path LIKE '{tmp_path}/tree/%%' AND carve = 1")
    fleet.wait("/carve/continue", 10)
    running.stop(signal.SIGKILL)
    (archive,) = archives(tmp_path)
    with archive.open("r+b") as file:
        file.seek(5000)
        file.write(b"damaged")
    (archive.parent / "left over").touch()
    running = daemon(*fleet.flags(tmp_path), *CARVE, "--carver_block_size=100000")
    upload = running.until(lambda: whole(fleet, 2), 30)
    assert contents(upload.content()) == expected
    assert upload.begin["block_size"] == 100_000
    assert upload.begin["carve_id"] == next(iter(fleet.carves.values())).begin["carve_id"]
    running.until(lambda: archives(tmp_path) == [])
    assert running.stop() == 0


def test_a_server_that_does_not_say_which_block_it_expects_gets_a_new_upload(
    fleet: Any, daemon: Start, tmp_path: Path
) -> None:
    expected = tree(tmp_path / "tree", 10_000)
    fleet.talks = False
    fleet.losses["/carve/continue"] = 1
    running = daemon(*fleet.flags(tmp_path), *CARVE)
    ask(fleet, running, f"SELECT * FROM carves WHERE path LIKE '{tmp_path}/tree/%%' AND carve = 1")
    upload = running.until(lambda: whole(fleet, 2), 30)
    assert contents(upload.content()) == expected
    assert len(next(iter(fleet.carves.values())).blocks) == 1
    assert running.stop() == 0


def test_a_carve_that_the_server_refuses_fails_and_the_next_one_does_not(
    fleet: Any, daemon: Start, tmp_path: Path
) -> None:
    fleet.answers["/carve/start"] += [(413, b'{"error":"too large"}', {})] * 2 + [(200, b"{}", {})] * 2
    running = daemon(*fleet.flags(tmp_path), *CARVE)
    (row,) = ask(fleet, running, "SELECT * FROM carves WHERE path = '/etc/hosts' AND carve = 1")
    assert ask(fleet, running, "SELECT carve('/etc/passwd') AS c") == [{"c": "Carve Started"}]
    upload = running.until(lambda: whole(fleet), 30)
    assert contents(upload.content()) == {"/etc/passwd": Path("/etc/passwd").read_bytes()}
    assert len(fleet.seen("/carve/start")) == 5
    assert status(fleet, running, row["carve_guid"]) == "DATA POST FAILED"
    assert "Request failed: too large" in running.complaints()
    assert "holds no session_id" in running.complaints()
    assert archives(tmp_path) == []
    assert running.stop() == 0


def test_a_carve_that_cannot_be_delivered_expires_and_so_does_its_row(
    fleet: Any, daemon: Start, tmp_path: Path
) -> None:
    fleet.answers["/carve/start"] += [(503, b"", {})] * 100
    running = daemon(*fleet.flags(tmp_path), *CARVE, "--carver_expiry=3")
    (row,) = ask(fleet, running, "SELECT * FROM carves WHERE path = '/etc/hosts' AND carve = 1")
    running.until(lambda: archives(tmp_path))
    assert settled(fleet, running, row["carve_guid"]) == "DATA POST FAILED"
    assert archives(tmp_path) == []
    fleet.answers["/carve/start"].clear()
    time.sleep(3.5)
    ask(fleet, running, "SELECT carve('/etc/hosts')")
    running.until(lambda: whole(fleet))
    (left,) = ask(fleet, running, "SELECT carve_guid FROM carves")
    assert left["carve_guid"] != row["carve_guid"]
    assert running.stop() == 0


def test_an_archive_that_was_not_finished_is_made_anew_but_not_for_ever(
    fleet: Any, daemon: Start, tmp_path: Path
) -> None:
    expected = tree(tmp_path / "tree", 1000)
    flags = Flags()
    flags.set("disable_carver", "false", "command line")
    state, _ = open_state(str(tmp_path / "db"))
    records = Records(state, flags)
    hopeless, _ = records.ask(["/etc/hosts"])
    records.change(hopeless, status="PENDING", tries=5)
    begun, _ = records.ask([], [("LIKE", f"{tmp_path}/tree/%%")])
    records.change(begun, status="PENDING", tries=4)
    state.close()
    (tmp_path / "db" / "carves").mkdir()
    (tmp_path / "db" / "carves" / begun).write_bytes(b"half of it")
    running = daemon(*fleet.flags(tmp_path), *CARVE)
    upload = running.until(lambda: whole(fleet))
    assert contents(upload.content()) == expected
    assert status(fleet, running, hopeless) == "ARCHIVE FAILED"
    assert "the agent ended 5 times while it made the archive" in running.complaints()
    assert settled(fleet, running, begun) == "SUCCESS"
    assert running.stop() == 0


def test_a_directory_that_cannot_be_made_fails_the_carve(fleet: Any, daemon: Start, tmp_path: Path) -> None:
    (tmp_path / "db").mkdir()
    (tmp_path / "db" / "carves").touch()
    running = daemon(*fleet.flags(tmp_path), *CARVE)
    (row,) = ask(fleet, running, "SELECT * FROM carves WHERE path = '/etc/hosts' AND carve = 1")
    assert settled(fleet, running, row["carve_guid"]) == "CREATE PATHS FAILED"
    assert running.stop() == 0


def test_a_node_key_that_the_server_forgot_is_replaced_before_the_carve_starts(
    fleet: Any, daemon: Start, tmp_path: Path
) -> None:
    running = daemon(*fleet.flags(tmp_path), *CARVE)
    ask(fleet, running, "SELECT 1")
    fleet.answers["/carve/start"].append((401, b'{"node_invalid":true}', {}))
    ask(fleet, running, "SELECT * FROM carves WHERE path = '/etc/hosts' AND carve = 1")
    running.until(lambda: whole(fleet))
    assert len(fleet.seen("/enroll")) == 2
    assert fleet.seen("/carve/start")[-1].body["node_key"] == "nk2"
    assert running.stop() == 0


@pytest.mark.parametrize("flag", ["--ephemeral", "--disable_database"])
def test_an_agent_without_a_state_leaves_no_archive(fleet: Any, daemon: Start, tmp_path: Path, flag: str) -> None:
    fleet.answers["/carve/start"] += [(503, b"", {})] * 100
    running = daemon(*fleet.flags(tmp_path), *CARVE, flag)
    ask(fleet, running, "SELECT * FROM carves WHERE path = '/etc/hosts' AND carve = 1")
    (directory,) = running.until(lambda: list((tmp_path / "db").glob("carves.*")))
    running.until(lambda: fleet.seen("/carve/start"))
    assert running.stop() == 0
    assert not directory.exists()


def test_a_watched_carve_stays_below_the_limit_of_the_watchdog(fleet: Any, daemon: Start, tmp_path: Path) -> None:
    expected = tree(tmp_path / "tree", 1_500_000)
    limits = ("--watchdog_utilization_limit=5", "--watchdog_latency_limit=3", "--watchdog_delay=3")
    running = daemon(*fleet.flags(tmp_path), *CARVE, "--disable_watchdog=false", *limits)
    ask(fleet, running, "SELECT 1")
    time.sleep(4)
    ask(fleet, running, f"SELECT * FROM carves WHERE path LIKE '{tmp_path}/tree/%%' AND carve = 1")
    upload = running.until(lambda: whole(fleet), 60)
    assert contents(upload.content()) == expected
    time.sleep(3.5)  # the watcher looks every three seconds
    assert "utilization limit" not in running.complaints()
    registry = ask(fleet, running, "SELECT name, active FROM osquery_registry WHERE registry = 'carver'")
    assert registry == [{"name": "tls", "active": "1"}]
    assert running.stop() == 0


def test_the_list_of_an_archive_says_what_was_asked_for(fleet: Any, daemon: Start, tmp_path: Path) -> None:
    running = daemon(*fleet.flags(tmp_path), *CARVE)
    (row,) = ask(fleet, running, "SELECT * FROM carves WHERE path = '/nope' AND carve = 1")
    upload = running.until(lambda: whole(fleet))
    with tarfile.open(fileobj=BytesIO(upload.content())) as tar:
        (member,) = tar.getmembers()
        file = tar.extractfile(member)
        assert file is not None
        listing = json.loads(file.read())
    assert member.name == f"carve_{row['carve_guid']}.json"
    assert listing == {
        "carve_guid": row["carve_guid"], "request_id": row["request_id"], "path": ["/nope"], "files": 0, "bytes": 0,
        "problems": [{"path": "/nope", "reason": "No such file or directory"}], "problems_left_out": 0,
    }  # fmt: skip
    assert running.stop() == 0
