"""What the loggers for Kinesis and Firehose share: AWS's clients, and records that fail one by one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from leadline.flags import Flags
from leadline.plugins.errors import IncompleteError, RefusedError, UnreachableError, UnusableError
from leadline.plugins.kinds import Context

if TYPE_CHECKING:
    import boto3
    from botocore.config import Config

log = logging.getLogger(__name__)

RECORDS = 500
"""Both services take so many records in a request."""

TRIES = 4
"""Requests for a record that the service was too busy for, before the logger's longer waits."""

REGION = "us-east-1"
EARLY = timedelta(minutes=5)
TIMEOUT = 16.0


class Limits(NamedTuple):
    """Bytes that a record has to stay below, and those that a request may have."""

    record: int
    request: int


class Access:
    """A client of one service, ``kinesis`` or ``firehose``, with credentials from the flags or where AWS's own tools
    find them."""

    def __init__(self, flags: Flags, service: str) -> None:
        self.flags = flags
        self.service = service
        self.expires: datetime | None = None
        self.made: Any = None

    @property
    def stream(self) -> str:
        """The name of the stream that lines go to."""
        return self.flags.text(f"aws_{self.service}_stream")

    @property
    def period(self) -> float:
        """Seconds between two sendings."""
        return max(0.1, self.flags.real(f"aws_{self.service}_period"))

    def ready(self) -> None:
        """See that a stream is named, and that there are usable keys. Raises UnusableError."""
        if not self.stream:
            raise UnusableError(f"Stream name must be specified with --aws_{self.service}_stream")
        if not self.flags.text("aws_sts_arn_role"):  # a role is asked for when there is something to send
            self.client()

    def client(self) -> Any:
        """The client, made anew when the credentials of its role are about to expire.

        Raises UnusableError, RefusedError and UnreachableError.
        """
        if self.made is None or (self.expires is not None and datetime.now(UTC) > self.expires - EARLY):
            self.made = understood(self.make)
        return self.made

    def make(self) -> Any:
        """Make the client, assuming the role that ``aws_sts_arn_role`` names."""
        session = base_session(self.flags)
        region = self.region(session)
        config = configuration(self.flags)
        keys: Mapping[str, str] = {}
        role = self.flags.text("aws_sts_arn_role")
        if role:
            token_service = session.client(
                "sts", region_name=self.flags.text("aws_sts_region") or region, config=config
            )
            lent = token_service.assume_role(
                RoleArn=role,
                RoleSessionName=self.flags.text("aws_sts_session_name") or "default",
                DurationSeconds=self.flags.number("aws_sts_timeout"),
            )["Credentials"]
            self.expires = lent["Expiration"]
            keys = {
                "aws_access_key_id": lent["AccessKeyId"],
                "aws_secret_access_key": lent["SecretAccessKey"],
                "aws_session_token": lent["SessionToken"],
            }
        endpoint = self.flags.text(f"aws_{self.service}_endpoint") or None
        return session.client(self.service, region_name=region, endpoint_url=endpoint, config=config, **keys)

    def region(self, session: boto3.Session) -> str:
        """The service's own flag, the flag for all, the profile or the environment, or the default."""
        return (
            self.flags.text(f"aws_{self.service}_region")
            or self.flags.text("aws_region")
            or str(session.region_name or "")
            or REGION
        )

    def call(self, operation: str, **parameters: Any) -> Any:
        """One request. Raises PluginError."""
        client = self.client()
        answer = understood(lambda: getattr(client, operation)(**parameters))
        if self.flags.on("aws_debug"):
            facts = answer["ResponseMetadata"]
            told = [facts.get(name) for name in ("HTTPStatusCode", "RequestId", "RetryAttempts")]
            log.info("AWS %s %s: HTTP %s, request %s, %s retries", self.service, operation, *told)
        return answer


def base_session(flags: Flags) -> boto3.Session:
    """A session with the keys or the profile that flags name."""
    import boto3
    import botocore.session

    inner = botocore.session.get_session()
    inner.set_config_variable("ec2_metadata_v1_disabled", flags.on("aws_disable_imdsv1_fallback"))
    inner.set_config_variable("metadata_service_num_attempts", max(1, flags.number("aws_imdsv2_request_attempts")))
    if flags.text("ec2_metadata_endpoint"):
        inner.set_config_variable("ec2_metadata_service_endpoint", flags.text("ec2_metadata_endpoint"))
    key, secret = flags.text("aws_access_key_id"), flags.text("aws_secret_access_key")
    return boto3.Session(
        aws_access_key_id=key if key and secret else None,
        aws_secret_access_key=secret if key and secret else None,
        aws_session_token=(flags.text("aws_session_token") or None) if key and secret else None,
        profile_name=flags.text("aws_profile_name") or None,
        botocore_session=inner,
    )


def configuration(flags: Flags) -> Config:
    """How requests are made."""
    from botocore.config import Config

    proxy = proxy_address(flags)
    return Config(
        connect_timeout=TIMEOUT,
        read_timeout=TIMEOUT,
        retries={"total_max_attempts": 2, "mode": "standard"},
        max_pool_connections=1,
        use_fips_endpoint=True if flags.on("aws_enforce_fips") else None,
        proxies={"http": proxy, "https": proxy} if proxy else None,
    )


def proxy_address(flags: Flags) -> str:
    """The proxy that flags name, with the user and the password in it; nothing without one."""
    host = flags.text("aws_proxy_host")
    if not flags.on("aws_enable_proxy") or not host:
        return ""
    user, password = flags.text("aws_proxy_username"), flags.text("aws_proxy_password")
    login = f"{quote(user, safe='')}:{quote(password, safe='')}@" if user else ""
    port = flags.number("aws_proxy_port")
    return f"{flags.text('aws_proxy_scheme')}://{login}{host}{f':{port}' if port else ''}"


def understood(call: Callable[[], Any]) -> Any:
    """What a call of AWS's client returns, its errors as ours."""
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        ConnectionError,  # noqa: A004 - botocore's own
        HTTPClientError,
        InvalidRegionError,
        PartialCredentialsError,
        ProfileNotFound,
    )

    try:
        return call()
    except ClientError as error:
        facts = error.response
        status = int(facts.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        code, text = facts.get("Error", {}).get("Code", ""), facts.get("Error", {}).get("Message", "")
        raise RefusedError(f"AWS answered {code}: {text}", status=0 if status == 413 else status) from error
    except (ConnectionError, HTTPClientError) as error:
        raise UnreachableError("connect", f"Cannot reach AWS: {error}") from error
    except (ProfileNotFound, PartialCredentialsError, InvalidRegionError, ValueError) as error:
        raise UnusableError(f"Cannot use AWS with these flags (--aws_*): {error}") from error
    except (BotoCoreError, Boto3Error) as error:
        raise UnreachableError("connect", f"Cannot use AWS: {error}") from error


def record(stream: str, line: str, end: str = "") -> bytes:
    """A line with the member ``log_type`` behind the others."""
    comma = "" if line == "{}" else ","
    return f'{line[:-1]}{comma}"log_type":"{stream}"}}{end}'.encode("utf-8", "backslashreplace")


def split(sizes: Sequence[int], positions: Sequence[int], most: int) -> Iterator[list[int]]:
    """Positions in groups that fit into requests, the sizes being in bytes."""
    group: list[int] = []
    total = 0
    for position in positions:
        if group and (len(group) == RECORDS or total + sizes[position] > most):
            yield group
            group, total = [], 0
        group.append(position)
        total += sizes[position]
    if group:
        yield group


def deliver(
    context: Context, records: Sequence[bytes], limits: Limits, put: Callable[[list[int]], Sequence[Mapping[str, Any]]]
) -> None:
    """Send records, those that failed again. ``put`` sends those at some positions and returns the answer for each.

    Raises PluginError; IncompleteError when some were taken.
    """
    refused = {
        index: f"The record is too large for the service: {len(content)} bytes"
        for index, content in enumerate(records)
        if len(content) >= limits.record
    }
    sizes = [len(content) for content in records]
    left = [index for index in range(len(records)) if index not in refused]
    reason = ""
    for attempt in range(TRIES):
        failed: list[int] = []
        groups = list(split(sizes, left, limits.request))
        for number, group in enumerate(groups):
            try:
                answers = put(group)
            except (RefusedError, UnreachableError) as error:
                unsent = failed + [index for rest in groups[number:] for index in rest]
                if len(unsent) + len(refused) == len(records) and not refused:
                    raise
                raise IncompleteError(str(error), unsent, refused, error.retry_after) from error
            for index, answer in zip(group, answers, strict=True):
                if answer.get("ErrorCode"):
                    failed.append(index)
                    reason = f"{answer['ErrorCode']}: {answer.get('ErrorMessage', '')}"
        left = failed
        if not left or context.stopping.wait(0.2 * 2**attempt if attempt + 1 < TRIES else 0):
            break
    if left or refused:
        raise IncompleteError(f"AWS did not take {len(left)} of {len(records)} records: {reason}", left, refused)
