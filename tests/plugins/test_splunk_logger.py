"""The logger for Splunk's HTTP Event Collector, with a server that answers as the collector's manual says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from leadline.plugins.errors import IncompleteError, RefusedError, UnreachableError, UnusableError
from leadline.plugins.logger.splunk import Splunk

LINES = ['{"name":"q","unixTime":1795500354,"columns":{"a":"é"}}', '{"x":1}']
TOKEN = "b7d1c2d8-1111-2222-3333-444455556666"


class Collector:
    """Takes events, with acknowledgements when a request names a channel; refuses what the collector refuses."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.numbers: dict[str, int] = {}
        self.indexed = True

    def __call__(self, request: Any) -> tuple[int, bytes, dict[str, str]]:
        if request.headers.get("Authorization") != f"Splunk {TOKEN}":
            return 403, b'{"text":"Invalid token","code":4}', {}
        path, _, query = request.path.partition("?")
        channel = request.headers.get("X-Splunk-Request-Channel", "")
        if path == "/services/collector/ack":
            assert query == f"channel={channel}"
            asked = json.loads(request.body)["acks"]
            return 200, json.dumps({"acks": {str(number): self.indexed for number in asked}}).encode(), {}
        if path != "/services/collector/event":
            return 404, b"<html>not found</html>", {}
        for number, text in enumerate(request.body.decode().split("\n")):
            try:
                self.events.append(json.loads(text))
            except ValueError:
                answer = {"text": "Invalid data format", "code": 6, "invalid-event-number": number}
                return 400, json.dumps(answer).encode(), {}
        if not channel:
            return 200, b'{"text":"Success","code":0}', {}
        self.numbers[channel] = self.numbers.get(channel, -1) + 1
        return 200, json.dumps({"text": "Success", "code": 0, "ackId": self.numbers[channel]}).encode(), {}


@pytest.fixture
def collector() -> Collector:
    return Collector()


@pytest.fixture
def server(receive: Any, collector: Collector, surroundings: Any, tmp_path: Path, fleet_module: Any) -> Any:
    authority = fleet_module.Authority(tmp_path)
    made = receive(collector, authority.issue("localhost"))
    (tmp_path / "token").write_text(f"  {TOKEN}\n")
    surroundings.set(
        splunk_hec_url=made.address, splunk_hec_server_certs=authority.path, splunk_hec_token_path=tmp_path / "token"
    )
    return made


@pytest.fixture
def logger(server: Any, surroundings: Any) -> Iterator[Splunk]:
    made = Splunk(surroundings)
    made.start()
    yield made
    made.close()


def test_lines_become_events_with_host_time_and_source_type(
    logger: Splunk, server: Any, collector: Collector, surroundings: Any
) -> None:
    assert logger.send("result", LINES, "") == ""
    assert collector.events == [
        {
            "host": "d23dac5e", "source": "osquery", "sourcetype": "osquery:result", "time": 1795500354,
            "event": json.loads(LINES[0]),
        },
        {"host": "d23dac5e", "source": "osquery", "sourcetype": "osquery:result", "event": {"x": 1}},
    ]  # fmt: skip
    assert server.requests[0].packed
    surroundings.set(splunk_hec_index="main", splunk_hec_sourcetype="s", splunk_hec_compress="false")
    logger.send("status", LINES[1:], "")
    assert collector.events[-1]["index"] == "main"
    assert collector.events[-1]["sourcetype"] == "s:status"
    assert not server.requests[1].packed
    assert server.connections == 1


def test_an_invalid_event_is_refused_and_those_behind_it_are_sent_again(logger: Splunk, collector: Collector) -> None:
    with pytest.raises(IncompleteError) as caught:
        logger.send("result", ["{}", "no json", "{}", "{}"], "")
    assert caught.value.left == {2, 3}
    assert caught.value.refused == {1: "Splunk answered: Invalid data format"}
    assert len(collector.events) == 1


@pytest.mark.parametrize(
    ("answer", "status", "wait"),
    [
        ((503, b'{"text":"Server is busy","code":9}', {"Retry-After": "7"}), 503, 7),
        ((413, b"too large", {}), 413, 0),
        ((429, b"", {"Retry-After": "120"}), 429, 120),
        ((200, b'{"text":"Incorrect index","code":7}', {}), 200, 0),
    ],
)
def test_other_answers_refuse_all_lines(logger: Splunk, server: Any, answer: Any, status: int, wait: int) -> None:
    server.answers.append(answer)
    with pytest.raises(RefusedError, match=rf"Splunk answered {status} ") as caught:
        logger.send("result", LINES, "")
    assert (caught.value.status, caught.value.retry_after) == (status, wait)


def test_a_new_token_in_the_file_needs_no_restart(logger: Splunk, surroundings: Any, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("wrong")
    with pytest.raises(RefusedError, match="Invalid token") as caught:
        logger.send("result", LINES, "")
    assert "wrong" not in str(caught.value)
    (tmp_path / "token").write_text(TOKEN)
    logger.send("result", LINES, "")


def test_with_acknowledgements_lines_are_delivered_when_they_are_indexed(
    logger: Splunk, server: Any, collector: Collector, surroundings: Any
) -> None:
    surroundings.set(splunk_hec_ack="true", splunk_hec_ack_timeout=0)
    logger.send("result", LINES, "")
    assert [request.path.partition("?")[0].rpartition("/")[2] for request in server.requests] == ["event", "ack"]
    collector.indexed = False
    with pytest.raises(RefusedError, match="not said that the lines are indexed"):
        logger.send("result", LINES, "")


def test_a_certificate_of_another_authority_is_not_accepted(logger: Splunk, surroundings: Any) -> None:
    surroundings.set(splunk_hec_server_certs="")
    with pytest.raises(UnreachableError, match=r"is not accepted.*--splunk_hec_server_certs"):
        logger.send("result", LINES, "")


@pytest.mark.parametrize(
    "address", ["", "localhost:8088", "ftp://localhost", "https://u:p@localhost", "https://x:99999"]
)
def test_an_address_that_is_none_keeps_the_agent_from_starting(surroundings: Any, address: str) -> None:
    surroundings.set(splunk_hec_url=address)
    with pytest.raises(UnusableError, match="--splunk_hec_url") as caught:
        Splunk(surroundings).start()
    assert "u:p" not in str(caught.value)


def test_a_token_file_that_is_not_there_keeps_the_agent_from_starting(surroundings: Any, tmp_path: Path) -> None:
    surroundings.set(splunk_hec_url="https://localhost", splunk_hec_token_path=tmp_path / "none")
    with pytest.raises(UnusableError, match="--splunk_hec_token_path"):
        Splunk(surroundings).start()
