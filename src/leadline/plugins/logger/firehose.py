"""Log lines to Amazon Data Firehose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from leadline.plugins.kinds import Context, Status
from leadline.plugins.logger import aws

LIMITS = aws.Limits(record=1_000_000, request=4_000_000)


class Firehose:
    """Puts a record for each line, with a newline at its end: the service joins records in its files."""

    streams = {"result": ("result", "snapshot"), "status": ("status",)}  # noqa: RUF012
    most = aws.RECORDS
    patience = 600.0

    def __init__(self, context: Context) -> None:
        self.context = context
        self.access = aws.Access(context.flags, "firehose")

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
        records = [aws.record(stream, line, "\n") for line in lines]

        def put(positions: list[int]) -> Sequence[Mapping[str, Any]]:
            answer = self.access.call(
                "put_record_batch",
                DeliveryStreamName=self.access.stream,
                Records=[{"Data": records[index]} for index in positions],
            )
            found: Sequence[Mapping[str, Any]] = answer["RequestResponses"]
            return found

        aws.deliver(self.context, records, LIMITS, put)
        return receipt

    def status(self, message: Status) -> None:
        """Status messages go through the buffer."""

    def cancel(self) -> None:
        """A request ends by itself within its timeout."""

    def close(self) -> None:
        """Nothing that needs to be released is held."""
