"""Several loggers of one daemon: what each gets, and that one that is away keeps nothing from the others."""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any


def load_receiver() -> ModuleType:
    path = Path(__file__).parents[1] / "plugins" / "receiver.py"
    spec = spec_from_file_location("agent_tests_receiver", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_every_logger_gets_every_line_also_one_that_was_away(
    daemon: Callable[..., Any], fleet: Any, tmp_path: Path
) -> None:
    (tmp_path / "osquery.conf").write_text(
        json.dumps({"schedule": {"clock": {"query": "SELECT unix_time FROM time", "interval": 1}}})
    )
    service = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    service.bind(str(tmp_path / "devlog"))
    service.settimeout(0.05)
    hook = load_receiver().Receiver(lambda request: (204, b"", {}))
    hook.answers.extend([(503, b"", {})] * 3)
    running = daemon(
        *fleet.flags(tmp_path), "--config_plugin=filesystem", "--logger_plugin=filesystem,tls,syslog,webhook",
        f"--logger_syslog_socket={tmp_path}/devlog", f"--webhook_url={hook.address}", "--webhook_period=1",
        "--webhook_compress", "--disable_distributed",
    )  # fmt: skip
    logged: list[str] = []

    def posted() -> list[str]:
        return [
            line
            for request in hook.requests[3:]
            if request.headers["X-Leadline-Log-Type"] == "result"
            for line in request.body.decode().splitlines()
        ]

    def all_there() -> bool:
        try:
            while True:
                logged.append(service.recv(1 << 16).decode().partition("]: ")[2])
        except TimeoutError:
            pass
        return len(hook.requests) > 3 and len(posted()) >= 6

    running.until(all_there, 40)
    assert running.stop() == 0
    time.sleep(0.1)
    all_there()
    lines = running.results()
    assert len(lines) >= 6
    assert len(set(lines)) == len(lines)
    assert [json.loads(line) for line in lines] == fleet.data("result")
    assert [line for line in logged if line.startswith("{")] == lines
    assert any(line.startswith("severity=1 location=forward.py:") for line in logged)
    assert set(posted()) == set(lines)
    status = [
        json.loads(line)
        for request in hook.requests
        if request.headers["X-Leadline-Log-Type"] == "status"
        for line in request.body.decode().splitlines()
    ]
    assert any("The webhook answered 503" in found["message"] for found in status)
    assert all(request.packed for request in hook.requests)
    service.close()
    hook.close()
