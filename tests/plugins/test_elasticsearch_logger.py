"""The logger for Elasticsearch and OpenSearch, with a server that speaks the bulk API."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from leadline.plugins.errors import IncompleteError, RefusedError, UnreachableError
from leadline.plugins.logger.elasticsearch import Elasticsearch

LINES = ['{"name":"q","unixTime":1795500354,"columns":{"a":"é"}}', '{"name":"r","unixTime":1795500354}', "{}"]


class Cluster:
    """Creates documents; ``failures`` gives the documents at some positions of the next request another end."""

    def __init__(self) -> None:
        self.documents: list[tuple[str, dict[str, Any]]] = []
        self.failures: dict[int, tuple[int, str]] = {}

    def __call__(self, request: Any) -> tuple[int, bytes, dict[str, str]]:
        if request.path != "/es/_bulk":
            return 404, b"{}", {}
        assert request.headers["Content-Type"] == "application/x-ndjson"
        lines = request.body.decode().split("\n")
        assert lines.pop() == ""
        items = []
        for position, (action, source) in enumerate(zip(lines[::2], lines[1::2], strict=True)):
            index = json.loads(action)["create"]["_index"]
            if position in self.failures:
                status, type = self.failures[position]
                items.append({"create": {"_index": index, "status": status, "error": {"type": type, "reason": "so"}}})
            else:
                self.documents.append((index, json.loads(source)))
                items.append({"create": {"_index": index, "_id": str(position), "status": 201, "result": "created"}})
        answer = {"took": 3, "errors": bool(self.failures), "items": items}
        self.failures = {}
        return 200, json.dumps(answer).encode(), {}


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def server(receive: Any, cluster: Cluster, surroundings: Any, tmp_path: Path, fleet_module: Any) -> Any:
    authority = fleet_module.Authority(tmp_path)
    made = receive(cluster, authority.issue("localhost"))
    surroundings.set(elasticsearch_url=f"{made.address}/es/", elasticsearch_server_certs=authority.path)
    return made


@pytest.fixture
def logger(server: Any, surroundings: Any) -> Iterator[Elasticsearch]:
    made = Elasticsearch(surroundings)
    made.start()
    yield made
    made.close()


def test_lines_become_documents_of_a_data_stream(logger: Elasticsearch, server: Any, cluster: Cluster) -> None:
    assert logger.send("result", LINES, "") == ""
    assert cluster.documents == [
        ("logs-osquery.result-default", {"@timestamp": "2026-11-24T06:05:54Z", **json.loads(LINES[0])}),
        ("logs-osquery.result-default", {"@timestamp": "2026-11-24T06:05:54Z", **json.loads(LINES[1])}),
        ("logs-osquery.result-default", {"@timestamp": "1970-01-01T00:00:00Z"}),
    ]
    assert server.requests[0].packed


def test_an_index_can_hold_the_date_of_the_line(logger: Elasticsearch, cluster: Cluster, surroundings: Any) -> None:
    surroundings.set(elasticsearch_index="osquery-{type}-%Y.%m.%d")
    logger.send("status", LINES[:1], "")
    assert cluster.documents[0][0] == "osquery-status-2026.11.24"


def test_documents_that_fail_are_sent_again_or_refused_as_their_status_says(
    logger: Elasticsearch, cluster: Cluster
) -> None:
    cluster.failures = {0: (429, "es_rejected_execution_exception"), 2: (400, "document_parsing_exception")}
    with pytest.raises(IncompleteError) as caught:
        logger.send("result", LINES, "")
    assert caught.value.left == {0}
    assert caught.value.refused == {2: "Elasticsearch answered 400: document_parsing_exception: so"}
    assert [document["name"] for _, document in cluster.documents] == ["r"]


def test_who_we_are_is_an_api_key_or_a_user(
    logger: Elasticsearch, server: Any, surroundings: Any, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text("secret\n")
    surroundings.set(elasticsearch_user="agent", elasticsearch_password_path=tmp_path / "password")
    logger.send("result", LINES, "")
    surroundings.set(elasticsearch_api_key="a2V5")
    logger.send("result", LINES, "")
    basic = "Basic " + base64.b64encode(b"agent:secret").decode()
    assert [request.headers.get("Authorization") for request in server.requests] == [basic, "ApiKey a2V5"]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ((401, b'{"error":"unauthorized"}', {}), "Elasticsearch answered 401 Unauthorized"),
        ((413, b"", {}), "Elasticsearch answered 413"),
        ((200, b"not json", {}), "is not what its API says"),
        ((200, b'{"errors":true,"items":[{"create":{"status":201}}]}', {}), "does not have an item for each line"),
    ],
)
def test_other_answers_refuse_all_lines(logger: Elasticsearch, server: Any, answer: Any, sentence: str) -> None:
    server.answers.append(answer)
    with pytest.raises(RefusedError, match=sentence):
        logger.send("result", LINES, "")


def test_a_server_that_is_away_is_named(logger: Elasticsearch, surroundings: Any) -> None:
    surroundings.set(elasticsearch_url="http://localhost:9")
    with pytest.raises(UnreachableError, match="Cannot connect to localhost:9"):
        logger.send("result", LINES, "")
