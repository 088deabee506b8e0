"""Log lines to Amazon Kinesis Data Streams."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from leadline.plugins.kinds import Context, Status
from leadline.plugins.logger import aws

LIMITS = aws.Limits(record=1_000_000 - 256, request=5_000_000 - aws.RECORDS * 256)
"""A record and its partition key, which is at most 256 bytes long, have 1,000,000 bytes together."""


class Kinesis:
    """Puts a record for each line, the host's identifier or something random being its partition key."""

    most = aws.RECORDS
    patience = 600.0

    def __init__(self, context: Context) -> None:
        self.context = context
        self.flags = context.flags
        self.access = aws.Access(context.flags, "kinesis")

    @property
    def streams(self) -> Mapping[str, Sequence[str]]:
        results = {"result": ("result", "snapshot")}
        return results if self.flags.on("aws_kinesis_disable_log_status") else {**results, "status": ("status",)}

    @property
    def period(self) -> float:
        return self.access.period

    def start(self) -> None:
        """See that there are a stream and usable keys. Raises UnusableError."""
        self.access.ready()

    def mark(self, stream: str) -> str:  # noqa: ARG002
        """Whether records were taken only the answer tells: there is nothing to remember."""
        return ""

    def send(self, stream: str, lines: Sequence[str], receipt: str) -> str:
        """Put the records, those that failed again."""
        records = [aws.record(stream, line) for line in lines]
        key = self.context.identifier()[:256]
        scattered = self.flags.on("aws_kinesis_random_partition_key")

        def put(positions: list[int]) -> Sequence[Mapping[str, Any]]:
            entries = [
                {"Data": records[index], "PartitionKey": str(uuid.uuid4()) if scattered else key} for index in positions
            ]
            name = self.access.stream
            found: Sequence[Mapping[str, Any]] = self.access.call("put_records", StreamName=name, Records=entries)[
                "Records"
            ]
            return found

        aws.deliver(self.context, records, LIMITS, put)
        return receipt

    def status(self, message: Status) -> None:
        """Status messages go through the buffer."""

    def cancel(self) -> None:
        """A request ends by itself within its timeout."""

    def close(self) -> None:
        """Nothing that needs to be released is held."""
