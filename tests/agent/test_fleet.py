"""The daemon against a server: enroll, configuration, log lines and distributed queries over real TLS."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from leadline import OSQUERY_VERSION

Start = Callable[..., Any]


def test_an_agent_enrolls_is_configured_and_logs(fleet: Any, daemon: Start, tmp_path: Path) -> None:
    fleet.config = {
        "options": {"pack_delimiter": "/", "logger_tls_period": 1, "host_identifier": "specified"},
        "decorators": {"load": ["SELECT 'd' AS u"]},
        "packs": {"Global": {"queries": {"t": {"query": "SELECT 1 AS x, unix_time FROM time", "interval": 1}}}},
    }
    running = daemon(*fleet.flags(tmp_path), "--specified_identifier=web-1", "--host_identifier=specified")
    (enrolled,) = fleet.wait("/enroll")
    assert list(enrolled.body) == ["enroll_secret", "host_identifier", "platform_type", "host_details"]
    assert enrolled.body["enroll_secret"] == "s3cret"
    assert enrolled.body["host_identifier"] == "web-1"
    assert enrolled.body["platform_type"] == "9"
    details = enrolled.body["host_details"]
    assert details["osquery_info"]["version"] == OSQUERY_VERSION
    assert details["system_info"]["hostname"]
    assert details["os_version"]["platform"]
    for row in details.values():
        assert list(row) == sorted(row)
        assert all(isinstance(value, str) for value in row.values())
    running.until(lambda: len(fleet.data("result")) >= 2)
    first = next(request for request in fleet.seen("/log") if request.body["log_type"] == "result")
    assert re.match(
        r'\{"node_key":"nk1","log_type":"result","data":\[\{"name":"pack/Global/t","hostIdentifier":"web-1",'
        r'"calendarTime":"[^"]+ UTC","unixTime":\d+,"epoch":0,"counter":0,"numerics":false,'
        r'"decorations":\{"u":"d"\},"columns":\{"unix_time":"\d+","x":"1"\},"action":"added"\}',
        first.text,
    )
    assert first.headers["Authorization"] == "NodeKey nk1"
    running.until(lambda: fleet.data("status"))
    status = fleet.data("status")[0]
    assert list(status) == [
        "hostIdentifier", "calendarTime", "unixTime", "severity", "filename", "line", "message", "version",
    ]  # fmt: skip
    assert (status["hostIdentifier"], status["version"], status["severity"]) == ("web-1", OSQUERY_VERSION, 0)
    assert status["message"].startswith("Enrolled at localhost")
    assert running.stop() == 0
    assert len(fleet.seen("/enroll")) == 1


def test_the_node_key_is_kept_and_replaced_when_the_server_forgets_it(
    fleet: Any, daemon: Start, tmp_path: Path
) -> None:
    running = daemon(*fleet.flags(tmp_path), "--config_refresh=1")
    fleet.wait("/config")
    assert running.stop() == 0
    running = daemon(*fleet.flags(tmp_path), "--config_refresh=1")
    assert fleet.wait("/config", 2)[1].body == {"node_key": "nk1", "etag": ""}
    assert len(fleet.seen("/enroll")) == 1
    fleet.keys.clear()
    fleet.wait("/enroll", 2)
    running.until(lambda: any(request.body["node_key"] in fleet.keys for request in fleet.seen("/config")))
    assert running.stop() == 0


def test_lines_wait_until_the_server_takes_them_across_a_kill(fleet: Any, daemon: Start, tmp_path: Path) -> None:
    fleet.config = {"schedule": {"q": {"query": "SELECT unix_time FROM time", "interval": 1}}}
    fleet.answers["/log"] += [(503, b'{"error":"busy"}', {})] * 1000
    running = daemon(*fleet.flags(tmp_path), "--logger_tls_backoff_max=1")
    running.until(lambda: len(fleet.data("result")) >= 2)
    running.process.kill()
    running.process.wait()
    refused = len(fleet.seen("/log"))
    fleet.answers["/log"].clear()
    running = daemon(*fleet.flags(tmp_path))
    taken = running.until(
        lambda: [
            line
            for request in fleet.seen("/log")[refused:]
            if request.body["log_type"] == "result"
            for line in request.body["data"]
        ]
    )
    running.until(lambda: len(fleet.seen("/log")) > refused + 2)
    assert running.stop() == 0
    counters = [
        line["counter"]
        for request in fleet.seen("/log")[refused:]
        if request.body["log_type"] == "result"
        for line in request.body["data"]
        if line["action"] == "added"
    ]
    assert taken[0]["counter"] == 0
    assert counters == list(range(len(counters)))


def test_distributed_queries_are_answered_one_by_one(fleet: Any, daemon: Start, tmp_path: Path) -> None:
    fleet.work.append(
        {
            "queries": {
                "q1": "SELECT 'x' AS z, 1 AS a, NULL AS n, 1.0 AS d",
                "bad": "SELECT * FROM nosuch",
                "none": "SELECT 1 AS a WHERE 0",
                "unwanted": "SELECT 1",
            },
            "discovery": {"q1": "SELECT 1", "bad": "SELECT 1", "none": "SELECT 1", "unwanted": "SELECT 1 WHERE 0"},
        }
    )
    running = daemon(*fleet.flags(tmp_path), "--distributed_workers=1")
    answers = fleet.wait("/write", 3)
    stats = r'\{"wall_time_ms":\d+,"user_time":\d+,"system_time":\d+,"memory":\d+\}'
    assert re.fullmatch(
        r'\{"queries":\{"q1":\[\{"z":"x","a":"1","n":"","d":"1.0"\}\]\},"statuses":\{"q1":0\},"messages":\{"q1":""\},'
        rf'"stats":\{{"q1":{stats}\}},"node_key":"nk1"\}}',
        answers[0].text,
    )
    assert answers[1].body["queries"] == {"bad": []}
    assert answers[1].body["statuses"] == {"bad": 1}
    assert answers[1].body["messages"] == {"bad": "no such table: nosuch"}
    assert (answers[2].body["queries"], answers[2].body["statuses"]) == ({"none": []}, {"none": 0})
    fleet.wait("/read", 3)
    assert running.stop() == 0
    assert len(fleet.seen("/write")) == 3


def test_a_slow_query_does_not_delay_the_answer_before_it_and_ends_with_the_agent(
    fleet: Any, daemon: Start, tmp_path: Path
) -> None:
    slow = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
    fleet.work.append({"queries": {"quick": "SELECT 1 AS a", "slow": slow}})
    running = daemon(*fleet.flags(tmp_path))
    (answer,) = fleet.wait("/write")
    assert answer.body["queries"] == {"quick": [{"a": "1"}]}
    assert running.stop() == 0
    assert len(fleet.seen("/write")) == 1


def test_a_query_that_killed_the_agent_is_not_run_again(fleet: Any, daemon: Start, tmp_path: Path) -> None:
    slow = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
    work = {"queries": {"quick": "SELECT 1 AS a", "slow": slow}}
    fleet.work.append(work)
    running = daemon(*fleet.flags(tmp_path), "--distributed_loginfo")
    running.until(lambda: "Executing distributed query: slow" in running.complaints())
    time.sleep(0.2)
    running.process.kill()
    running.process.wait()
    fleet.work.append(work)
    running = daemon(*fleet.flags(tmp_path))
    answers = [request.body for request in fleet.wait("/write", 3)[1:]]
    answer = next(answer for answer in answers if "slow" in answer["statuses"])
    assert answer["statuses"] == {"slow": 1}
    assert answer["messages"] == {"slow": "distributed query is denylisted"}
    assert running.stop() == 0


def test_a_failing_discovery_query_rejects_the_whole_document(fleet: Any, daemon: Start, tmp_path: Path) -> None:
    fleet.work.append({"queries": {"a": "SELECT 1", "b": "SELECT 1"}, "discovery": {"b": "SELECT * FROM nosuch"}})
    running = daemon(*fleet.flags(tmp_path))
    running.until(lambda: "the discovery query of b failed: no such table: nosuch" in running.complaints())
    fleet.wait("/read", 2)
    assert fleet.seen("/write") == []
    assert running.stop() == 0


def test_answers_that_could_not_be_delivered_come_with_the_next_round(
    fleet: Any, daemon: Start, tmp_path: Path
) -> None:
    fleet.answers["/write"] += [(500, b"", {})]
    fleet.work.append({"queries": {"a": "SELECT 1 AS x"}})
    running = daemon(*fleet.flags(tmp_path), "--distributed_tls_max_attempts=1")
    first, second = fleet.wait("/write", 2)
    assert first.body["queries"] == second.body["queries"] == {"a": [{"x": "1"}]}
    assert running.stop() == 0


def test_a_server_that_holds_the_read_is_answered_at_once(fleet: Any, daemon: Start, tmp_path: Path) -> None:
    fleet.holds = True
    running = daemon(*fleet.flags(tmp_path), "--distributed_interval=60")
    (read,) = fleet.wait("/read")
    assert read.headers["Prefer"] == "wait=30, running"
    for number in range(3):
        time.sleep(0.2)
        began = time.monotonic()
        fleet.work.append({"queries": {f"q{number}": f"SELECT {number} AS a"}})
        answer = fleet.wait("/write", number + 1)[number]
        assert time.monotonic() - began < 0.5
        assert answer.body["queries"] == {f"q{number}": [{"a": str(number)}]}
    began = time.monotonic()
    assert running.stop() == 0
    assert time.monotonic() - began < 4


def test_acceleration_shortens_the_interval(fleet: Any, daemon: Start, tmp_path: Path) -> None:
    fleet.work.append({"queries": {}, "accelerate": 30})
    running = daemon(*fleet.flags(tmp_path), "--distributed_interval=60")
    fleet.wait("/read", 2, timeout=12)
    assert running.stop() == 0


def test_the_backup_of_the_configuration_serves_when_there_is_no_server(
    fleet: Any, daemon: Start, tmp_path: Path
) -> None:
    fleet.config = {"schedule": {"q": {"query": "SELECT unix_time FROM time", "interval": 1}}}
    flags = [
        *fleet.flags(tmp_path),
        "--config_enable_backup",
        "--logger_plugin=filesystem",
        "--config_tls_max_attempts=1",
    ]
    running = daemon(*flags)
    running.until(running.results)
    assert running.stop() == 0
    before = len(running.results())
    fleet.answers["/config"] += [(500, b"", {})] * 100
    running = daemon(*flags)
    running.until(lambda: len(running.results()) > before)
    assert "Using the backup of the configuration" in running.complaints()
    assert running.stop() == 0


def test_a_failed_load_is_repeated_sooner(fleet: Any, daemon: Start, tmp_path: Path) -> None:
    fleet.config = {"schedule": {"q": {"query": "SELECT 1 AS a", "interval": 1}}}
    fleet.answers["/config"] += [(500, b"", {})]
    running = daemon(
        *fleet.flags(tmp_path),
        "--config_tls_max_attempts=1", "--config_accelerated_refresh=1", "--logger_plugin=filesystem",
    )  # fmt: skip
    running.until(running.results)
    assert "Error reading config: Request failed: the server answered 500" in running.complaints()
    assert running.stop() == 0


def test_the_agent_ends_while_it_waits_to_enroll(fleet: Any, daemon: Start, tmp_path: Path) -> None:
    flags = fleet.flags(tmp_path)
    (tmp_path / "secret").write_text("wrong")
    running = daemon(*flags)
    running.until(lambda: "Enrollment failed: The server refused the enroll secret" in running.complaints())
    began = time.monotonic()
    assert running.stop() == 0
    assert time.monotonic() - began < 4


def test_a_refused_line_does_not_hold_up_the_others_for_ever(fleet: Any, daemon: Start, tmp_path: Path) -> None:
    """A body that is too large is halved until the server takes it."""
    rows = " UNION ALL ".join(f"SELECT {number} AS a" for number in range(8))
    fleet.config = {"schedule": {"q": {"query": rows, "interval": 1}}}
    fleet.answers["/log"] += [(413, b'{"error":"too large"}', {})]
    running = daemon(*fleet.flags(tmp_path), "--logger_tls_max_lines=8", "--tls_disable_status_log")
    running.until(lambda: len(fleet.seen("/log")) >= 2)
    sizes = [len(request.body["data"]) for request in fleet.seen("/log")[:2]]
    assert sizes == [8, 4]
    assert running.stop() == 0


def test_config_check_uses_the_key_of_the_enrolled_agent(fleet: Any, daemon: Start, tmp_path: Path) -> None:
    fleet.config = {"schedule": {}}
    running = daemon(*fleet.flags(tmp_path))
    fleet.wait("/config")
    checked = daemon(*fleet.flags(tmp_path), "--config_dump")
    assert checked.process.wait(15) == 0
    assert checked.output.read_text() == '{"tls_plugin": ' + json.dumps(fleet.config) + "}\n"
    assert len(fleet.seen("/enroll")) == 1
    assert running.stop() == 0
