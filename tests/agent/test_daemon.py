"""The daemon as a process: a configuration in a file, signals, exit codes, and kill -9 at any moment."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

Start = Callable[..., Any]


def configure(directory: Path, **document: Any) -> None:
    """Write the configuration as a whole, so that no half of it is ever read."""
    temporary = directory / "osquery.conf.new"
    temporary.write_text(json.dumps(document))
    temporary.replace(directory / "osquery.conf")


def agent(directory: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    """Run the agent until it ends by itself."""
    return subprocess.run(
        [sys.executable, "-m", "leadline", "agent", f"--database_path={directory}/db", f"--pidfile={directory}/pid",
         f"--logger_path={directory}/log", f"--extensions_socket={directory}/em", "--extensions_autoload=",
         "--extensions_timeout=0", *flags],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip


def test_a_schedule_in_a_file_becomes_log_lines(daemon: Start, tmp_path: Path) -> None:
    configure(
        tmp_path,
        options={"host_identifier": "specified", "specified_identifier": "web-1", "bogus": 1},
        schedule={
            "clock": {"query": "SELECT unix_time, 1 AS x FROM time", "interval": 1},
            "snap": {"query": "SELECT 2 AS b, 'x' AS a", "interval": 1, "snapshot": True},
            "broken": {"query": "SELECT * FROM nosuch", "interval": 1},
        },
        packs={"p1": {"queries": {"up": {"query": "SELECT days FROM uptime WHERE days >= 0", "interval": 1}}}},
        decorators={"load": ["SELECT uuid AS host_uuid FROM system_info"], "always": ["SELECT 'x' AS deco"]},
    )
    running = daemon()
    running.until(lambda: len(running.results()) >= 4)
    assert (tmp_path / "pid").read_text() == str(running.process.pid)
    snapshots = tmp_path / "log" / "osqueryd.snapshots.log"
    running.until(snapshots.exists)
    assert running.stop() == 0
    assert not (tmp_path / "pid").exists()
    lines = running.results()
    uuid = json.loads(lines[0])["decorations"]["host_uuid"]
    pattern = (
        r'\{"name":"clock","hostIdentifier":"web-1","calendarTime":"\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4} UTC",'
        r'"unixTime":(\d+),"epoch":0,"counter":0,"numerics":false,'
        rf'"decorations":\{{"deco":"x","host_uuid":"{uuid}"\}},'
        r'"columns":\{"unix_time":"\d+","x":"1"\},"action":"added"\}'
    )
    assert sum(1 for line in lines if re.fullmatch(pattern, line)) == 1
    assert any('"name":"pack_p1_up"' in line for line in lines)
    assert '{"snapshot":[{"a":"x","b":"2"}],"action":"snapshot","name":"snap"' in snapshots.read_text()
    status = (tmp_path / "log" / "osqueryd.INFO").read_text()
    assert re.search(
        r"^W\d{4} [\d:.]+ \d+ configure.py:\d+\] Cannot set unknown or invalid flag: bogus", status, re.MULTILINE
    )
    assert "Error executing scheduled query broken: no such table: nosuch" in status


def test_nothing_is_lost_or_repeated_when_it_is_killed_at_any_moment(daemon: Start, tmp_path: Path) -> None:
    """Every query's rows change each second, so its lines form a chain that a lost or repeated one would break."""
    queries = 12
    sql = "SELECT unix_time, column1 AS n FROM time, (VALUES (1), (2), (3))"
    configure(tmp_path, schedule={f"q{number}": {"query": sql, "interval": 1} for number in range(queries)})
    random = Random(20261124)
    for _ in range(12):
        lines = (tmp_path / "log" / "osqueryd.results.log").stat().st_size if (tmp_path / "log").exists() else 0
        running = daemon("--logger_plugin=filesystem,stdout")
        path = tmp_path / "log" / "osqueryd.results.log"
        running.until(lambda path=path, lines=lines: path.exists() and path.stat().st_size > lines)
        time.sleep(random.uniform(0.0, 0.06))
        running.process.kill()
        running.process.wait()
    running = daemon("--logger_plugin=filesystem,stdout")
    before = len(running.results())
    running.until(lambda: len(running.results()) >= before + 2 * 6 * queries)
    assert running.stop() == 0
    chains: dict[str, dict[int, dict[str, list[str]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for line in running.results():
        found = json.loads(line)
        chains[found["name"]][found["counter"]][found["action"]].append(json.dumps(found["columns"]))
    assert len(chains) == queries
    for chain in chains.values():
        assert list(chain) == list(range(len(chain)))
        assert chain[0]["removed"] == []
        for counter in range(1, len(chain)):
            assert sorted(chain[counter]["removed"]) == sorted(chain[counter - 1]["added"])
            assert len(chain[counter]["added"]) == 3


def test_a_query_that_was_running_when_the_agent_was_killed_is_named(daemon: Start, tmp_path: Path) -> None:
    slow = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
    configure(tmp_path, schedule={"slow": {"query": slow, "interval": 1}})
    running = daemon("--schedule_lognames", "--logger_min_status=0")
    running.until(lambda: "Executing scheduled query slow" in running.complaints())
    running.process.kill()
    running.process.wait()
    configure(tmp_path)
    running = daemon()
    running.until(lambda: "Scheduled query may have failed: slow" in running.complaints())
    assert running.stop() == 0


def test_the_agent_ends_at_once_while_a_query_runs(daemon: Start, tmp_path: Path) -> None:
    slow = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
    configure(tmp_path, schedule={"slow": {"query": slow, "interval": 1}})
    running = daemon("--schedule_lognames")
    running.until(lambda: "Executing scheduled query slow" in running.complaints())
    began = time.monotonic()
    assert running.stop(signal.SIGINT) == 0
    assert time.monotonic() - began < 5
    assert "Error executing" not in running.complaints()


def test_a_hang_up_loads_the_configuration_again(daemon: Start, tmp_path: Path) -> None:
    configure(tmp_path, schedule={"one": {"query": "SELECT 1 AS a", "interval": 1}})
    running = daemon()
    running.until(running.results)
    configure(tmp_path, schedule={"two": {"query": "SELECT 2 AS a", "interval": 1}})
    running.process.send_signal(signal.SIGHUP)
    running.until(lambda: any('"name":"two"' in line for line in running.results()))
    assert running.stop() == 0


def test_a_second_daemon_does_not_start_unless_it_is_forced(daemon: Start, tmp_path: Path) -> None:
    configure(tmp_path)
    first = daemon()
    first.until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text() == str(first.process.pid))
    path = f"--config_path={tmp_path}/osquery.conf"
    refused = agent(tmp_path, path)
    assert refused.returncode == 1
    assert f"osqueryd is already running as process {first.process.pid}" in refused.stderr
    second = daemon("--force")
    assert first.process.wait(15) == 0
    second.until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text() == str(second.process.pid))
    assert second.stop() == 0


def test_the_agent_tells_what_its_queries_cost_and_which_packs_run(daemon: Start, tmp_path: Path) -> None:
    columns = "name, query, executions > 0 AS ran, output_size > 0 AS logged, wall_time_ms >= last_wall_time_ms AS sum"
    configure(
        tmp_path,
        schedule={
            "cost": {
                "query": f"SELECT {columns}, blacklisted FROM osquery_schedule WHERE executions > 1",
                "interval": 1,
            },
            "packs": {"query": "SELECT * FROM osquery_packs", "interval": 1},
        },
        packs={
            "here": {"platform": "linux", "version": "1.4", "queries": {"one": {"query": "SELECT 1", "interval": 9}}},
            "there": {"platform": "windows", "shard": 5, "queries": {"two": {"query": "SELECT 2", "interval": 9}}},
        },
    )
    running = daemon()
    running.until(lambda: any('"blacklisted"' in line and '"packs"' in line for line in running.results()))
    assert running.stop() == 0
    rows = [json.loads(line) for line in running.results()]
    (cost,) = [row["columns"] for row in rows if row["name"] == "cost" and row["columns"]["name"] == "packs"]
    assert cost == {
        "name": "packs", "query": "SELECT * FROM osquery_packs", "ran": "1", "logged": "1", "sum": "1",
        "blacklisted": "0",
    }  # fmt: skip
    packs = [row["columns"] for row in rows if row["name"] == "packs" and row["counter"] == 0]
    assert [(int(pack.pop("discovery_cache_hits")) > 0, pack) for pack in packs] == [
        (True, {"name": "main", "platform": "", "version": "", "shard": "0", "active": "1", **ran(1)}),
        (True, {"name": "here", "platform": "linux", "version": "1.4", "shard": "0", "active": "1", **ran(1)}),
        (False, {"name": "there", "platform": "windows", "version": "", "shard": "5", "active": "0", **ran(0)}),
    ]


def ran(times: int) -> dict[str, str]:
    return {"discovery_executions": str(times)}


def test_the_scheduler_ends_the_agent_after_its_timeout(tmp_path: Path) -> None:
    configure(tmp_path, schedule={"q": {"query": "SELECT 1 AS a", "interval": 1}})
    ended = agent(tmp_path, f"--config_path={tmp_path}/osquery.conf", "--schedule_timeout=1", "--logger_plugin=stdout")
    assert ended.returncode == 0
    assert '"columns":{"a":"1"},"action":"added"' in ended.stdout


def test_an_unknown_plugin_and_an_unusable_logger_are_catastrophes(tmp_path: Path) -> None:
    configure(tmp_path)
    path = f"--config_path={tmp_path}/osquery.conf"
    for flags, sentence in (
        (["--config_plugin=nope"], "Unknown config plugin: nope"),
        (["--logger_plugin=nope"], "Unknown logger plugin: nope"),
        ([f"--logger_path={tmp_path}/osquery.conf/log"], "Cannot write logs to"),
        ([f"--database_path={tmp_path}/osquery.conf/db"], "Cannot open the database"),
    ):
        ended = agent(tmp_path, path, *flags)
        assert ended.returncode == 78
        assert sentence in ended.stderr


def test_the_configuration_can_be_checked(tmp_path: Path) -> None:
    path = tmp_path / "osquery.conf"
    path.write_text('# fine\n{"schedule": {}}\n')
    checked = agent(tmp_path, "--config_check", f"--config_path={path}")
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
    path.write_text('# not fine\n{"schedule": \n')
    checked = agent(tmp_path, "--config_check", f"--config_path={path}")
    assert checked.returncode == 1
    assert checked.stderr == f"Error reading config: Error parsing the config JSON: Expecting value ({path}:3)\n"
    checked = agent(tmp_path, "--config_check", "--config_path=/nonexistent/osquery.conf")
    assert checked.returncode == 1
    assert checked.stderr == "Error reading config: config file does not exist: /nonexistent/osquery.conf\n"
    assert agent(tmp_path, "--config_check", "--config_plugin=nope").returncode == 78
    assert not (tmp_path / "db").exists()
    assert not (tmp_path / "log").exists()


def test_the_configuration_can_be_printed_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "osquery.conf"
    path.write_text('{"schedule": \n {}}')
    dumped = agent(tmp_path, "--config_dump", f"--config_path={path}")
    assert (dumped.returncode, dumped.stdout) == (0, f'{{"{path}": {{"schedule": \n {{}}}}}}\n')


def test_flags_are_those_of_gflags(tmp_path: Path) -> None:
    bogus = agent(tmp_path, "--bogus")
    assert (bogus.returncode, bogus.stderr) == (1, "ERROR: unknown command line flag 'bogus'\n")
    stray = agent(tmp_path, "stray")
    assert stray.returncode == 1
    assert "unexpected argument 'stray'" in stray.stderr
    assert "osquery 5.23.0" in agent(tmp_path, "--version").stdout
    usage = agent(tmp_path, "--help")
    assert usage.returncode == 0
    assert "--logger_plugin" in usage.stdout.replace("-logger_plugin", "--logger_plugin")


def test_flags_come_from_a_flag_file(tmp_path: Path) -> None:
    sql = "SELECT value, default_value FROM osquery_flags WHERE name = 'logger_plugin'"
    configure(tmp_path, schedule={"q": {"query": sql, "interval": 1}})
    (tmp_path / "flags").write_text(
        f"# the agent's flags\n--config_path={tmp_path}/osquery.conf\n--logger_plugin=stdout\n--schedule_timeout=1\n"
    )
    ended = agent(tmp_path, f"--flagfile={tmp_path}/flags")
    assert '"columns":{"default_value":"filesystem","value":"stdout"}' in ended.stdout


def test_the_agent_stays_small(daemon: Start, tmp_path: Path) -> None:
    configure(tmp_path, schedule={"q": {"query": "SELECT unix_time FROM time", "interval": 1}})
    running = daemon()
    running.until(lambda: len(running.results()) >= 3)
    status = Path(f"/proc/{running.process.pid}/status").read_text()
    resident = int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])  # type: ignore[index]
    assert resident < 40 * 1024
    assert running.stop() == 0


def test_standard_output_gets_result_lines_and_status_messages(daemon: Start, tmp_path: Path) -> None:
    configure(tmp_path, options={"bogus": 1}, schedule={"q": {"query": "SELECT 1 AS a", "interval": 1}})
    running = daemon("--logger_plugin=stdout", "--nologger_stderr")
    running.until(lambda: '"action":"added"' in running.output.read_text())
    assert running.stop() == 0
    assert "severity=1 location=configure.py:" in running.output.read_text()
    assert running.complaints() == ""


def test_the_agent_can_go_into_the_background(tmp_path: Path) -> None:
    configure(tmp_path, schedule={"q": {"query": "SELECT 1 AS a", "interval": 1}})
    started = agent(tmp_path, f"--config_path={tmp_path}/osquery.conf", "--daemonize")
    assert started.returncode == 0
    pidfile, results = tmp_path / "pid", tmp_path / "log" / "osqueryd.results.log"
    end = time.monotonic() + 15
    while not (pidfile.exists() and pidfile.read_text() and results.exists() and results.read_text()):
        assert time.monotonic() < end
        time.sleep(0.02)
    process = int(pidfile.read_text())
    assert os.getsid(process) != os.getsid(0)
    os.kill(process, signal.SIGTERM)
    while pidfile.exists():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_verbose_messages_can_be_asked_for_by_the_configuration(daemon: Start, tmp_path: Path) -> None:
    configure(tmp_path, options={"verbose": True}, schedule={"q": {"query": "SELECT 1 AS a", "interval": 1}})
    running = daemon()
    running.until(lambda: "Executing scheduled query q: SELECT 1 AS a" in running.complaints())
    assert running.stop() == 0


def test_help_for_a_reader_that_goes_away_ends_quietly() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "leadline", "agent", "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        assert program.stdout.readline().startswith(b"leadline agent")
        program.stdout.close()
        assert program.stderr.read() == b""
    assert program.returncode == 1
