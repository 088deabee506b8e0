"""The webhook logger, with servers over HTTP and HTTPS."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from leadline.plugins.errors import RefusedError, UnreachableError, UnusableError
from leadline.plugins.logger.webhook import Webhook

LINES = ['{"name":"q","columns":{"a":"é"}}', '{"name":"r"}']


def taken(request: Any) -> tuple[int, bytes, dict[str, str]]:
    return 202, b"", {}


def test_lines_are_posted_one_a_line_or_as_an_array(receive: Any, surroundings: Any) -> None:
    server = receive(taken)
    surroundings.set(webhook_url=f"{server.address}/hook?a=1")
    logger = Webhook(surroundings)
    logger.start()
    logger.send("result", LINES, "")
    surroundings.set(webhook_format="json", webhook_compress="true")
    logger.send("status", LINES, "")
    logger.close()
    first, second = server.requests
    assert first.path == "/hook?a=1"
    assert first.body.decode() == f"{LINES[0]}\n{LINES[1]}\n"
    assert first.headers["Content-Type"] == "application/x-ndjson"
    assert first.headers["X-Leadline-Log-Type"] == "result"
    assert first.headers["X-Leadline-Host"] == "d23dac5e"
    assert "X-Leadline-Signature" not in first.headers
    assert json.loads(second.body) == [json.loads(line) for line in LINES]
    assert second.headers["Content-Type"] == "application/json"
    assert second.packed


def test_posts_are_signed_and_bear_a_token(receive: Any, surroundings: Any, tmp_path: Path, fleet_module: Any) -> None:
    authority = fleet_module.Authority(tmp_path)
    server = receive(taken, authority.issue("localhost"))
    (tmp_path / "secret").write_text("s3cret\n")
    surroundings.set(
        webhook_url=server.address, webhook_server_certs=authority.path, webhook_secret_path=tmp_path / "secret",
        webhook_token="t0ken",
    )  # fmt: skip
    logger = Webhook(surroundings)
    logger.start()
    logger.send("result", LINES, "")
    logger.close()
    (request,) = server.requests
    moment, _, signature = request.headers["X-Leadline-Signature"].partition(",sha256=")
    seconds = moment.removeprefix("t=")
    assert abs(int(seconds) - time.time()) < 60
    assert signature == hmac.new(b"s3cret", seconds.encode() + b"." + request.body, hashlib.sha256).hexdigest()
    assert request.headers["Authorization"] == "Bearer t0ken"


@pytest.mark.parametrize("status", [301, 400, 404, 413, 500, 503])
def test_every_other_answer_refuses_the_lines(receive: Any, surroundings: Any, status: int) -> None:
    server = receive(lambda request: (status, b"no", {"Retry-After": "9", "Location": "/elsewhere"}))
    surroundings.set(webhook_url=server.address)
    logger = Webhook(surroundings)
    with pytest.raises(RefusedError, match=f"The webhook answered {status}.*: no") as caught:
        logger.send("result", LINES, "")
    assert (caught.value.status, caught.value.retry_after) == (status, 9)
    logger.close()


def test_a_format_that_is_none_keeps_the_agent_from_starting(surroundings: Any) -> None:
    surroundings.set(webhook_url="http://localhost", webhook_format="xml")
    with pytest.raises(UnusableError, match="--webhook_format"):
        Webhook(surroundings).start()


def test_a_post_is_cut_short_from_another_thread(receive: Any, surroundings: Any) -> None:
    release = threading.Event()

    def slow(request: Any) -> tuple[int, bytes, dict[str, str]]:
        release.wait(20)
        return 200, b"", {}

    surroundings.set(webhook_url=receive(slow).address)
    logger = Webhook(surroundings)
    threading.Timer(0.2, logger.cancel).start()
    began = time.monotonic()
    with pytest.raises(UnreachableError):
        logger.send("result", LINES, "")
    assert time.monotonic() - began < 5
    release.set()
    logger.close()
