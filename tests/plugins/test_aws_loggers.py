"""The loggers for Kinesis and Firehose, with moto's server and with one that answers as a test tells it to."""

from __future__ import annotations

import base64
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest

from leadline.plugins.errors import IncompleteError, RefusedError, UnreachableError, UnusableError
from leadline.plugins.logger import aws
from leadline.plugins.logger.firehose import Firehose
from leadline.plugins.logger.kinesis import Kinesis

LINES = ['{"name":"q","columns":{"a":"é"}}', "{}"]
KEYS = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "secret"}

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utc:DeprecationWarning")


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def clean(monkeypatch: Any, tmp_path: Any) -> None:
    """No keys of this machine."""
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def own_client(service: str, address: str) -> Any:
    import boto3

    return boto3.client(
        service, region_name="eu-west-1", endpoint_url=address, aws_access_key_id="x", aws_secret_access_key="y"
    )


@pytest.fixture
def stream(moto: str, clean: None, surroundings: Any) -> Iterator[Any]:
    """A Kinesis stream of two shards that the flags name; reads everything in it."""
    client = own_client("kinesis", moto)
    client.create_stream(StreamName="logs", ShardCount=2)
    surroundings.set(aws_kinesis_stream="logs", aws_kinesis_endpoint=moto, aws_kinesis_region="eu-west-1", **KEYS)

    def read() -> list[dict[str, Any]]:
        found = []
        for shard in client.list_shards(StreamName="logs")["Shards"]:
            iterator = client.get_shard_iterator(
                StreamName="logs", ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
            found += client.get_records(ShardIterator=iterator, Limit=10_000)["Records"]
        return found

    yield read
    client.delete_stream(StreamName="logs")
    client.close()


def test_lines_become_records_of_kinesis_with_their_type_and_the_host_as_key(stream: Any, surroundings: Any) -> None:
    logger = Kinesis(surroundings)
    logger.start()
    assert logger.send("result", LINES, "") == ""
    logger.send("status", ['{"severity":1}'], "")
    assert [record["Data"].decode() for record in stream()] == [
        '{"name":"q","columns":{"a":"é"},"log_type":"result"}',
        '{"log_type":"result"}',
        '{"severity":1,"log_type":"status"}',
    ]
    assert {record["PartitionKey"] for record in stream()} == {"d23dac5e"}


def test_records_can_be_scattered_over_the_shards(stream: Any, surroundings: Any) -> None:
    surroundings.set(aws_kinesis_random_partition_key="true")
    logger = Kinesis(surroundings)
    logger.send("result", [f'{{"n":{number}}}' for number in range(40)], "")
    assert len({record["PartitionKey"] for record in stream()}) == 40


def test_a_record_that_is_too_large_is_refused_and_the_others_are_put(stream: Any, surroundings: Any) -> None:
    logger = Kinesis(surroundings)
    with pytest.raises(IncompleteError) as caught:
        logger.send("result", ["{}", '{"a":"%s"}' % ("x" * 999_800), "{}"], "")
    assert (caught.value.left, list(caught.value.refused)) == (frozenset(), [1])
    assert len(stream()) == 2


def test_a_stream_that_is_not_there_is_named(stream: Any, surroundings: Any) -> None:
    surroundings.set(aws_kinesis_stream="other")
    with pytest.raises(RefusedError, match=r"AWS answered ResourceNotFoundException: .*other"):
        Kinesis(surroundings).send("result", LINES, "")


def test_status_lines_are_left_out_when_the_flag_says_so(surroundings: Any) -> None:
    assert set(Kinesis(surroundings).streams) == {"result", "status"}
    surroundings.set(aws_kinesis_disable_log_status="true")
    assert set(Kinesis(surroundings).streams) == {"result"}


@pytest.mark.parametrize("logger", [Kinesis, Firehose])
def test_without_a_stream_the_agent_does_not_start(surroundings: Any, logger: Any) -> None:
    with pytest.raises(UnusableError, match="Stream name must be specified with --aws_"):
        logger(surroundings).start()


def test_lines_become_records_of_firehose_with_newlines(moto: str, clean: None, surroundings: Any) -> None:
    buckets, client = own_client("s3", moto), own_client("firehose", moto)
    buckets.create_bucket(Bucket="logs", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    client.create_delivery_stream(
        DeliveryStreamName="logs",
        ExtendedS3DestinationConfiguration={
            "BucketARN": "arn:aws:s3:::logs", "RoleARN": "arn:aws:iam::123456789012:role/firehose",
        },
    )  # fmt: skip
    surroundings.set(aws_firehose_stream="logs", aws_firehose_endpoint=moto, aws_region="eu-west-1", **KEYS)
    logger = Firehose(surroundings)
    logger.start()
    logger.send("result", LINES, "")
    listed = buckets.list_objects_v2(Bucket="logs")["Contents"]
    content = b"".join(buckets.get_object(Bucket="logs", Key=one["Key"])["Body"].read() for one in listed)
    assert content.decode() == '{"name":"q","columns":{"a":"é"},"log_type":"result"}\n{"log_type":"result"}\n'
    buckets.close()
    client.close()


def test_a_role_is_assumed_and_its_keys_are_used(moto: str, stream: Any, surroundings: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", moto)
    surroundings.set(
        aws_sts_arn_role="arn:aws:iam::123456789012:role/logger", aws_sts_region="eu-west-1",
        aws_sts_session_name="session", aws_sts_timeout=900,
    )  # fmt: skip
    logger = Kinesis(surroundings)
    logger.start()
    assert logger.access.made is None
    logger.send("result", LINES, "")
    assert len(stream()) == 2
    first = logger.access.client()
    assert logger.access.client() is first
    assert logger.access.expires is not None
    logger.access.expires -= aws.timedelta(seconds=601)  # 900 seconds less than the five minutes before the end
    assert logger.access.client() is not first


def test_keys_come_from_the_profile_that_a_flag_names(stream: Any, surroundings: Any, tmp_path: Any) -> None:
    surroundings.set(aws_access_key_id="", aws_profile_name="p", aws_kinesis_region="")
    with pytest.raises(UnusableError, match=r"--aws_\*.*profile"):
        Kinesis(surroundings).start()
    (tmp_path / "credentials").write_text("[p]\naws_access_key_id=AKIAPROFILE\naws_secret_access_key=s\n")
    (tmp_path / "config").write_text("[profile p]\nregion=eu-west-1\n")
    logger = Kinesis(surroundings)
    logger.start()
    logger.send("result", LINES, "")
    assert len(stream()) == 2


class Service:
    """Answers PutRecords: the records at the positions that ``failures`` holds for each request fail."""

    def __init__(self) -> None:
        self.failures: list[set[int]] = []
        self.taken: list[str] = []
        self.requests: list[int] = []

    def __call__(self, request: Any) -> tuple[int, bytes, dict[str, str]]:
        records = json.loads(request.body)["Records"]
        self.requests.append(len(records))
        failing = self.failures.pop(0) if self.failures else set()
        answers: list[dict[str, str]] = []
        for position, record in enumerate(records):
            if position in failing:
                answers.append({"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "slow down"})
            else:
                answers.append({"SequenceNumber": "1", "ShardId": "s"})
                self.taken.append(base64.b64decode(record["Data"]).decode())
        answer = {"FailedRecordCount": len(failing), "Records": answers}
        return 200, json.dumps(answer).encode(), {"Content-Type": "application/x-amz-json-1.1"}


@pytest.fixture
def service(receive: Any, clean: None, surroundings: Any) -> Any:
    made = Service()
    made.server = receive(made)  # type: ignore[attr-defined]
    surroundings.set(
        aws_kinesis_stream="logs", aws_kinesis_endpoint=made.server.address,  # type: ignore[attr-defined]
        aws_region="eu-west-1", **KEYS,
    )  # fmt: skip
    return made


def test_only_the_records_that_failed_are_sent_again(service: Any, surroundings: Any) -> None:
    service.failures = [{1, 3}, {1}]
    Kinesis(surroundings).send("result", [f'{{"n":{number}}}' for number in range(5)], "")
    assert service.requests == [5, 2, 1]
    numbers = [json.loads(text)["n"] for text in service.taken]
    assert numbers == [0, 2, 4, 1, 3]


def test_records_that_go_on_failing_are_left(service: Any, surroundings: Any) -> None:
    service.failures = [{1, 3}, {0, 1}, {0, 1}, {1}]
    with pytest.raises(IncompleteError, match="ProvisionedThroughputExceededException") as caught:
        Kinesis(surroundings).send("result", [f'{{"n":{number}}}' for number in range(5)], "")
    assert caught.value.left == {3}


def test_a_request_that_fails_later_leaves_what_was_not_taken_before(service: Any, surroundings: Any) -> None:
    service.failures = [{1, 3}]
    logger = Kinesis(surroundings)
    logger.access.client()
    answers = service.server.answers

    def answer(request: Any) -> Any:
        answers.extend([(400, b'{"__type":"AccessDeniedException","message":"no"}', {})] * 9)
        return service(request)

    service.server.answer = answer
    with pytest.raises(IncompleteError, match="AWS answered AccessDeniedException: no") as caught:
        logger.send("result", [f'{{"n":{number}}}' for number in range(5)], "")
    assert caught.value.left == {1, 3}


def test_requests_keep_to_the_services_limits() -> None:
    assert [len(group) for group in aws.split([10] * 1200, range(1200), 1_000_000)] == [500, 500, 200]
    assert list(aws.split([400, 700, 300, 700], [0, 1, 2, 3], 1000)) == [[0], [1, 2], [3]]


def test_requests_go_through_the_proxy_that_flags_name(service: Any, receive: Any, surroundings: Any) -> None:
    proxy = receive(service)
    surroundings.set(
        aws_kinesis_endpoint="http://kinesis.invalid", aws_enable_proxy="true", aws_proxy_scheme="http",
        aws_proxy_host="localhost", aws_proxy_port=proxy.port, aws_proxy_username="u@x", aws_proxy_password="p:w",
    )  # fmt: skip
    Kinesis(surroundings).send("result", LINES, "")
    assert len(service.taken) == 2
    assert proxy.requests[0].path.startswith("http://kinesis.invalid")
    login = base64.b64encode(b"u@x:p:w").decode()
    assert proxy.requests[0].headers["Proxy-Authorization"] == f"Basic {login}"


def test_fips_endpoints_are_used_when_a_flag_asks_for_them(clean: None, surroundings: Any) -> None:
    surroundings.set(aws_kinesis_stream="logs", aws_kinesis_region="us-east-2", aws_enforce_fips="true", **KEYS)
    address = Kinesis(surroundings).access.client().meta.endpoint_url
    assert address == "https://kinesis-fips.us-east-2.amazonaws.com"


def test_a_service_that_is_away_is_told_without_secrets(clean: None, surroundings: Any) -> None:
    surroundings.set(aws_kinesis_stream="l", aws_kinesis_endpoint="http://localhost:9", aws_region="eu-west-1", **KEYS)
    with pytest.raises(UnreachableError, match="Cannot reach AWS: ") as caught:
        Kinesis(surroundings).send("result", LINES, "")
    assert not re.search("secret|AKIA", str(caught.value))


def test_without_keys_the_lines_stay(clean: None, surroundings: Any) -> None:
    surroundings.set(aws_kinesis_stream="l", aws_kinesis_endpoint="http://localhost:9", aws_region="eu-west-1")
    with pytest.raises(UnreachableError, match="Unable to locate credentials"):
        Kinesis(surroundings).send("result", LINES, "")
