"""Log lines to Kafka."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any

import msgspec

from leadline.flags import Flags
from leadline.plugins.errors import IncompleteError, UnusableError
from leadline.plugins.kinds import Context, Status

if TYPE_CHECKING:
    from confluent_kafka import KafkaError, Message, Producer

log = logging.getLogger(__name__)

PROGRAM = "osqueryd"
SSL = "ssl://"
TIMEOUT_MS = 15_000
"""How long librdkafka tries to deliver a line before it gives it back."""
GRACE = 5.0
"""Seconds more after which lines that it has not given back count as not delivered."""
TICK = 0.2  # seconds between two looks whether to end


class Line(msgspec.Struct):
    """What is read of a line: the name of its query."""

    name: str = ""


class Kafka:
    """Produces a message for each line; the key is HOST_osqueryd, the topic the one of the query.

    A line leaves the buffer when as many brokers as ``logger_kafka_acks`` asks for have acknowledged it.
    """

    streams = {"result": ("result", "snapshot")}  # noqa: RUF012
    period = 1.0
    most = 4096
    patience = 300.0

    def __init__(self, context: Context) -> None:
        self.context = context
        self.flags = context.flags
        self.key = f"{os.uname().nodename}_{PROGRAM}".encode()
        self.decoder = msgspec.json.Decoder(Line)
        self.producer: Producer | None = None
        self.trouble = ""
        self.cancelled = False

    def start(self) -> None:
        """Make the producer, which connects when it has something to do. Raises UnusableError."""
        from confluent_kafka import KafkaException, Producer

        try:
            self.producer = Producer({**settings(self.flags), "error_cb": self.note})
        except KafkaException as error:
            raise UnusableError(
                f"Cannot use Kafka with these flags (--logger_kafka_*): {error.args[0].str()}"
            ) from error

    def note(self, error: KafkaError) -> None:
        """librdkafka tells what keeps it from reaching its brokers."""
        self.trouble = error.str()

    def mark(self, stream: str) -> str:  # noqa: ARG002
        """Whether lines were taken only the brokers tell: there is nothing to remember."""
        return ""

    def send(self, stream: str, lines: Sequence[str], receipt: str) -> str:  # noqa: ARG002
        """Produce the lines and wait until each is acknowledged or given back."""
        topics = self.topics()
        base = self.flags.text("logger_kafka_topic")
        sending = Sending(len(lines))
        end = monotonic() + TIMEOUT_MS / 1000 + GRACE
        self.trouble = ""
        for index, line in enumerate(lines):
            name = self.name(line)
            topic = topics.get(name, base)
            if topic:
                self.produce(sending, index, topic, line, end)
            else:
                sending.refuse(index, f"No topic for the query {name!r} (--logger_kafka_topic, kafka_topics)")
        self.wait(sending, end)
        if sending.left or sending.refused:
            reason = sending.reason or self.trouble or "the brokers did not answer in time"
            sentence = f"Kafka did not take {len(sending.left)} of {len(lines)} lines: {reason}"
            raise IncompleteError(sentence, sending.left, sending.refused)
        return receipt

    def topics(self) -> dict[str, str]:
        """Query name → topic, from ``kafka_topics`` of the configuration."""
        section = self.context.section("kafka_topics")
        found: dict[str, str] = {}
        for topic, names in section.items() if isinstance(section, dict) else ():
            if isinstance(names, list):
                found.update((name, topic) for name in names if isinstance(name, str))
        return found

    def name(self, line: str) -> str:
        """The query that a line is of."""
        try:
            return self.decoder.decode(line).name
        except msgspec.DecodeError:
            return ""

    def produce(self, sending: Sending, index: int, topic: str, line: str, end: float) -> None:
        """Hand one line to librdkafka, waiting while its queue is full."""
        from confluent_kafka import KafkaException

        assert self.producer is not None
        content = line.encode("utf-8", "backslashreplace")
        while not self.cancelled and monotonic() < end:
            try:
                self.producer.produce(topic, content, self.key, on_delivery=sending.outcome(index))
                return
            except BufferError:
                self.producer.poll(TICK)
            except KafkaException as error:
                sending.settle(index, error.args[0])
                return

    def wait(self, sending: Sending, end: float) -> None:
        """Serve delivery reports until all are there; what is not settled then is taken back."""
        assert self.producer is not None
        while sending.produced and not self.cancelled and monotonic() < end:
            self.producer.poll(TICK)
        if sending.produced:
            self.producer.purge()
            self.producer.flush(1.0)

    def status(self, message: Status) -> None:
        """Status messages do not go to Kafka, as with osquery."""

    def cancel(self) -> None:
        """End a sending that another thread is in."""
        self.cancelled = True

    def close(self) -> None:
        """Let the producer go."""
        self.producer = None


class Sending:
    """What has become of the lines of one sending; ``left`` are those not known to be delivered."""

    def __init__(self, amount: int) -> None:
        self.left = set(range(amount))
        self.produced: set[int] = set()
        self.refused: dict[int, str] = {}
        self.reason = ""

    def outcome(self, index: int) -> Callable[[KafkaError | None, Message], None]:
        """What is called with the delivery report of a line."""
        self.produced.add(index)
        return lambda error, message: self.settle(index, error)

    def settle(self, index: int, error: Any) -> None:
        """A line was delivered, or not."""
        from confluent_kafka import KafkaError

        self.produced.discard(index)
        if error is None:
            self.left.discard(index)
        elif error.code() in (KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_MSG, KafkaError.INVALID_RECORD):
            self.refuse(index, f"Kafka: {error.str()}")
        else:
            self.reason = self.reason or error.str()

    def refuse(self, index: int, reason: str) -> None:
        """A line that Kafka will never take."""
        self.left.discard(index)
        self.refused[index] = reason


def settings(flags: Flags) -> dict[str, Any]:
    """librdkafka's settings for the flags. Raises UnusableError."""
    brokers = [broker.strip() for broker in flags.text("logger_kafka_brokers").split(",") if broker.strip()]
    found: dict[str, Any] = {
        "bootstrap.servers": ",".join(broker.removeprefix(SSL) for broker in brokers),
        "client.id": os.uname().nodename,
        "acks": flags.text("logger_kafka_acks"),
        "compression.codec": flags.text("logger_kafka_compression") or "none",
        "message.timeout.ms": TIMEOUT_MS,
        "socket.timeout.ms": 10_000,
        "linger.ms": 5,
        "queue.buffering.max.kbytes": 4096,
        "log_level": 2,
        "log.connection.close": False,
    }
    if any(broker.startswith(SSL) for broker in brokers):
        found["security.protocol"] = "ssl"
        authorities = flags.text("tls_server_certs")
        if authorities and (os.path.exists(authorities) or flags.origin("tls_server_certs") != "default"):
            found["ssl.ca.location"] = authorities
        for key, name in (("ssl.certificate.location", "tls_client_cert"), ("ssl.key.location", "tls_client_key")):
            if flags.text(name):
                found[key] = flags.text(name)
    found.update(properties(flags))
    return found


def properties(flags: Flags) -> dict[str, str]:
    """The lines KEY=VALUE of the file in ``logger_kafka_properties_path``. Raises UnusableError."""
    path = flags.text("logger_kafka_properties_path")
    if not path:
        return {}
    try:
        with open(path, encoding="utf-8") as file:
            lines = [line.strip() for line in file.read(1 << 16).splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UnusableError(f"Cannot read {path} (--logger_kafka_properties_path): {reason}") from error
    found = {}
    for number, line in enumerate(lines, 1):
        if line and not line.startswith("#"):
            key, separator, value = line.partition("=")
            if not separator:
                raise UnusableError(f"No KEY=VALUE in line {number} of {path} (--logger_kafka_properties_path)")
            found[key.strip()] = value.strip()
    return found
