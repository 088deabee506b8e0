"""The Kafka logger, with librdkafka's mock cluster: real brokers' sockets and protocol, in this process."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from leadline.plugins.errors import IncompleteError, UnusableError
from leadline.plugins.logger import kafka
from leadline.plugins.logger.kafka import Kafka

LINES = ['{"name":"a","columns":{"name":"b"}}', '{"snapshot":[{"name":"a"}],"name":"b"}', '{"name":"c"}']


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The addresses of three mock brokers, which live as long as the producer that was made with them."""
    from confluent_kafka import Producer

    holder = Producer({"test.mock.num.brokers": "3", "bootstrap.servers": "localhost", "log_level": 2})
    brokers = holder.list_topics(timeout=10).brokers.values()
    yield ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
    del holder


@pytest.fixture
def logger(cluster: str, surroundings: Any) -> Iterator[Kafka]:
    surroundings.set(logger_kafka_brokers=cluster)
    made = Kafka(surroundings)
    made.start()
    yield made
    made.close()


def consumed(cluster: str, topic: str, count: int) -> list[tuple[bytes, bytes]]:
    """Keys and values of the first messages of a topic."""
    from confluent_kafka import Consumer

    consumer = Consumer(
        {"bootstrap.servers": cluster, "group.id": f"test-{topic}", "auto.offset.reset": "earliest", "log_level": 2}
    )
    consumer.subscribe([topic])
    found: list[tuple[bytes, bytes]] = []
    end = time.monotonic() + 20
    while len(found) < count and time.monotonic() < end:
        message = consumer.poll(0.5)
        if message is not None and message.error() is None:
            found.append((message.key(), message.value()))
    consumer.close()
    return found


def test_lines_go_to_the_topic_of_their_query_or_the_usual_one(logger: Kafka, cluster: str, surroundings: Any) -> None:
    import os

    surroundings.set(logger_kafka_topic="usual", logger_kafka_compression="gzip")
    surroundings.sections["kafka_topics"] = {"topic_a": ["a", "x"], "topic_b": ["b"], "wrong": "c"}
    assert logger.send("result", LINES, "") == ""
    key = f"{os.uname().nodename}_osqueryd".encode()
    assert consumed(cluster, "topic_a", 1) == [(key, LINES[0].encode())]
    assert consumed(cluster, "topic_b", 1) == [(key, LINES[1].encode())]
    assert consumed(cluster, "usual", 1) == [(key, LINES[2].encode())]


def test_a_line_without_a_topic_is_refused(logger: Kafka, surroundings: Any) -> None:
    surroundings.sections["kafka_topics"] = {"topic_a": ["a"]}
    with pytest.raises(IncompleteError) as caught:
        logger.send("result", LINES, "")
    assert caught.value.left == frozenset()
    assert sorted(caught.value.refused) == [1, 2]
    assert "No topic for the query 'b'" in caught.value.refused[1]


def test_a_line_that_is_too_long_is_refused_and_the_others_are_delivered(
    logger: Kafka, cluster: str, surroundings: Any
) -> None:
    surroundings.set(logger_kafka_topic="long")
    with pytest.raises(IncompleteError) as caught:
        logger.send("result", ["1", "x" * 1_200_000, "3"], "")
    assert (caught.value.left, list(caught.value.refused)) == (frozenset(), [1])
    assert [value for _, value in consumed(cluster, "long", 2)] == [b"1", b"3"]


def test_a_full_queue_only_delays_lines(cluster: str, surroundings: Any, tmp_path: Path) -> None:
    (tmp_path / "more").write_text("# few at a time\nqueue.buffering.max.messages = 10\nlinger.ms=0\n")
    surroundings.set(
        logger_kafka_brokers=cluster, logger_kafka_topic="many", logger_kafka_properties_path=tmp_path / "more"
    )
    logger = Kafka(surroundings)
    logger.start()
    logger.send("result", [str(number) for number in range(300)], "")
    assert sorted(int(value) for _, value in consumed(cluster, "many", 300)) == list(range(300))
    logger.close()


def test_lines_stay_while_no_broker_answers(surroundings: Any, monkeypatch: Any, tmp_path: Path) -> None:
    (tmp_path / "more").write_text("message.timeout.ms=600\n")
    monkeypatch.setattr(kafka, "TIMEOUT_MS", 500)
    monkeypatch.setattr(kafka, "GRACE", 2.0)
    surroundings.set(
        logger_kafka_brokers="localhost:9", logger_kafka_topic="t", logger_kafka_properties_path=tmp_path / "more"
    )
    logger = Kafka(surroundings)
    logger.start()
    with pytest.raises(IncompleteError, match=r"Kafka did not take 3 of 3 lines: ") as caught:
        logger.send("result", LINES, "")
    assert (caught.value.left, caught.value.refused) == ({0, 1, 2}, {})
    logger.close()


def test_a_sending_ends_when_it_is_cancelled(surroundings: Any) -> None:
    surroundings.set(logger_kafka_brokers="localhost:9", logger_kafka_topic="t")
    logger = Kafka(surroundings)
    logger.start()
    logger.cancel()
    began = time.monotonic()
    with pytest.raises(IncompleteError):
        logger.send("result", LINES, "")
    assert time.monotonic() - began < 3
    logger.close()


def test_brokers_with_ssl_are_reached_with_the_certificates_of_the_flags(surroundings: Any, tmp_path: Path) -> None:
    for name in ("ca", "crt", "key"):
        (tmp_path / name).touch()
    surroundings.set(
        logger_kafka_brokers="ssl://one:9093, ssl://two:9093", logger_kafka_acks="1", tls_server_certs=tmp_path / "ca",
        tls_client_cert=tmp_path / "crt", tls_client_key=tmp_path / "key",
    )  # fmt: skip
    found = kafka.settings(surroundings.flags)
    assert found["bootstrap.servers"] == "one:9093,two:9093"
    assert (found["security.protocol"], found["acks"], found["compression.codec"]) == ("ssl", "1", "none")
    assert found["ssl.ca.location"] == str(tmp_path / "ca")
    assert found["ssl.certificate.location"] == str(tmp_path / "crt")
    assert found["ssl.key.location"] == str(tmp_path / "key")


@pytest.mark.parametrize("flag", ["acks", "compression"])
def test_settings_that_kafka_does_not_know_keep_the_agent_from_starting(surroundings: Any, flag: str) -> None:
    surroundings.set(**{f"logger_kafka_{flag}": "nope"})
    with pytest.raises(UnusableError, match="Cannot use Kafka with these flags"):
        Kafka(surroundings).start()
