"""ec2_instance_metadata, asked of metadata services of all kinds."""

from __future__ import annotations

import json
from time import monotonic

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadline.sql.schema import LINUX, Query
from leadline.tables.cloud import imds
from leadline.tables.cloud.ec2_instance_metadata import ec2_instance_metadata

TOKEN = "AQAEtokenthatisnone=="
IDENTITY = {
    "accountId": "123456789012",
    "architecture": "arm64",
    "availabilityZone": "eu-central-1b",
    "imageId": "ami-0123456789abcdef0",
    "instanceId": "i-0123456789abcdef0",
    "instanceType": "m7g.large",
    "kernelId": None,
    "privateIp": "10.0.3.17",
    "region": "eu-central-1",
}
PAGES = {
    "/latest/meta-data/": "ami-id\nhostname\n",
    "/latest/dynamic/instance-identity/document": json.dumps(IDENTITY),
    "/latest/meta-data/iam/info": json.dumps(
        {"Code": "Success", "InstanceProfileArn": "arn:aws:iam::123456789012:instance-profile/web"}
    ),
    "/latest/meta-data/mac": "0A:1b:2c:3d:4e:5f",
    "/latest/meta-data/local-hostname": "ip-10-0-3-17.eu-central-1.compute.internal",
    "/latest/meta-data/public-keys/0/openssh-key": "ssh-ed25519 AAAAC3Nz ops\n",
    "/latest/meta-data/reservation-id": "r-0123456789abcdef0",
    "/latest/meta-data/security-groups": "web\nssh from office",
}
ROW = {
    "instance_id": "i-0123456789abcdef0",
    "instance_type": "m7g.large",
    "architecture": "arm64",
    "region": "eu-central-1",
    "availability_zone": "eu-central-1b",
    "local_hostname": "ip-10-0-3-17.eu-central-1.compute.internal",
    "local_ipv4": "10.0.3.17",
    "mac": "0A:1b:2c:3d:4e:5f",
    "security_groups": "web,ssh from office",
    "iam_arn": "arn:aws:iam::123456789012:instance-profile/web",
    "ami_id": "ami-0123456789abcdef0",
    "reservation_id": "r-0123456789abcdef0",
    "account_id": "123456789012",
    "ssh_public_key": "ssh-ed25519 AAAAC3Nz ops",
}
ALL = "SELECT * FROM ec2_instance_metadata"


def page(request):
    """What is at a path, with or without a token."""
    body = PAGES.get(request.path)
    return (404, b"Not found") if body is None else (200, body.encode())


def second(request):
    """A service that knows version 2 only."""
    if request.method == "PUT":
        lifetime = request.headers.get("x-aws-ec2-metadata-token-ttl-seconds", "")
        good = request.path == "/latest/api/token" and lifetime.isdigit() and "x-forwarded-for" not in request.headers
        return (200, TOKEN.encode()) if good else (400, b"")
    return page(request) if request.headers.get("x-aws-ec2-metadata-token") == TOKEN else (401, b"")


def first(request):
    """A service that knows version 1 only."""
    return page(request) if request.method == "GET" else (405, b"")


@pytest.fixture
def rows(ask, program, serve):
    """``rows(answer, sql, **flags)``: the rows of a statement, the service that was asked, and the warnings."""

    def run(answer, sql=ALL, **flags):
        service = serve(answer)
        warnings = []
        flags = {"aws_imdsv2_request_interval": "0", **flags}
        found = ask(
            sql,
            runtime=program(ec2_metadata_endpoint=service.address, **flags),
            warn=lambda table, message: warnings.append(message),
        )
        return found, service, warnings

    return run


def test_a_service_of_version_2_tells_everything(rows):
    found, service, warnings = rows(second)
    assert found == [ROW]
    assert not warnings
    assert service.paths[0] == "PUT /latest/api/token"
    assert sorted(service.paths[1:]) == sorted(f"GET {path}" for path in PAGES if path != "/latest/meta-data/")
    assert service.requests[0].headers["host"] == service.address.removeprefix("http://")


def test_a_service_of_version_1_is_asked_without_a_token(rows):
    found, service, _ = rows(first, aws_imdsv2_request_attempts="5")
    assert found == [ROW]
    assert service.paths[:2] == ["PUT /latest/api/token", "GET /latest/meta-data/"]
    assert service.paths.count("PUT /latest/api/token") == 1
    assert not any("x-aws-ec2-metadata-token" in one.headers for one in service.requests)


def test_version_1_is_not_asked_when_a_flag_forbids_it(rows):
    found, service, _ = rows(first, aws_disable_imdsv1_fallback="true")
    assert found == []
    assert service.paths == ["PUT /latest/api/token"]


def test_only_what_a_statement_reads_is_asked_for(rows):
    found, service, _ = rows(second, "SELECT mac FROM ec2_instance_metadata")
    assert found == [{"mac": "0A:1b:2c:3d:4e:5f"}]
    assert service.paths == ["PUT /latest/api/token", "GET /latest/meta-data/mac"]
    found, service, _ = rows(second, "SELECT count(*) AS n FROM ec2_instance_metadata")
    assert found == [{"n": 1}]
    assert service.paths == ["PUT /latest/api/token"]


def test_a_token_is_asked_for_again_while_the_service_is_unwell(rows):
    failures = [(500, b""), (503, b"busy")]

    def shaky(request):
        return failures.pop() if request.method == "PUT" and failures else second(request)

    found, service, _ = rows(shaky, "SELECT region FROM ec2_instance_metadata")
    assert found == [{"region": "eu-central-1"}]
    assert service.paths.count("PUT /latest/api/token") == 3


def test_tries_for_a_token_are_counted(rows):
    def unwell(request):
        return (500, b"") if request.method == "PUT" else (401, b"")

    found, service, _ = rows(unwell, aws_imdsv2_request_attempts="2")
    assert found == []
    assert service.paths == ["PUT /latest/api/token"] * 2 + ["GET /latest/meta-data/"]


def test_a_token_that_has_too_few_hops_to_get_here_is_not_waited_for_long(rows):
    def far(request):
        return None if request.method == "PUT" else first(request)

    start = monotonic()
    found, *_ = rows(far, "SELECT region FROM ec2_instance_metadata", aws_imdsv2_request_attempts="1")
    assert found == [{"region": "eu-central-1"}]
    assert monotonic() - start < 2.5


@pytest.mark.parametrize("token", [b"", b"two words", b"a\r\nX-Evil: 1", b"\xff\xfe", b"<html>not a token</html>\n\n."])
def test_what_cannot_be_a_token_never_becomes_a_header(rows, token):
    def odd(request):
        return (200, token) if request.method == "PUT" else (401, b"")

    found, service, _ = rows(odd)
    assert found == []
    assert not any("x-aws-ec2-metadata-token" in one.headers or "x-evil" in one.headers for one in service.requests)


def test_a_token_that_is_refused_leaves_the_row_empty(rows):
    def fickle(request):
        return (200, b"other") if request.method == "PUT" else second(request)

    assert rows(fickle)[0] == [dict.fromkeys(ROW)]


def test_a_service_that_is_switched_off_has_no_row(rows):
    assert rows(lambda _: (403, b"Forbidden"))[0] == []


def test_what_the_service_does_not_have_is_empty(rows):
    def bare(request):
        return second(request) if request.method == "PUT" or "identity" in request.path else (404, b"<html>")

    (row,), *_ = rows(bare)
    lines = ("local_hostname", "mac", "security_groups", "reservation_id", "ssh_public_key")
    assert row == {**ROW, **dict.fromkeys(lines, ""), "iam_arn": None}


def test_redirects_are_not_followed(rows, serve):
    elsewhere = serve(second)

    def moved(request):
        if request.method == "PUT":
            return second(request)
        return 302, b"", {"Location": f"{elsewhere.address}{request.path}"}

    found, *_ = rows(moved)
    assert found == [dict.fromkeys(ROW)]
    assert elsewhere.requests == []


def test_proxies_of_the_environment_are_not_used(rows, monkeypatch, nobody):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, nobody)
    assert rows(second, "SELECT region FROM ec2_instance_metadata")[0] == [{"region": "eu-central-1"}]


def test_an_endless_answer_is_cut_off(rows):
    def long(request):
        return second(request) if request.method == "PUT" else (200, b"x" * (3 << 20))

    found, _, warnings = rows(long, "SELECT mac FROM ec2_instance_metadata")
    assert found == [{"mac": None}]
    assert "longer than" in warnings[0]


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b"[" * 100_000, b"\xff\x00", b'{"instanceId": ["i-1"]}', b"1" * 9999]
)
def test_a_document_that_is_none_leaves_columns_empty(rows, body):
    def garbage(request):
        return second(request) if request.method == "PUT" else (200, body)

    assert rows(garbage, "SELECT instance_id, iam_arn FROM ec2_instance_metadata")[0] == [
        {"instance_id": None, "iam_arn": None}
    ]


def test_half_characters_are_spelled_out(rows):
    def odd(request):
        return second(request) if request.method == "PUT" else (200, b'{"instanceId": "i-\\ud800"}')

    assert rows(odd, "SELECT instance_id FROM ec2_instance_metadata")[0] == [{"instance_id": "i-\\uD800"}]


@pytest.mark.parametrize(
    "endpoint", ["ftp://127.0.0.1", "http://", "http://[::1", "http://a b", "http://127.0.0.1:99999"]
)
def test_an_endpoint_that_is_none_is_told(ask, program, endpoint):
    warnings = []
    runtime = program(ec2_metadata_endpoint=endpoint)
    assert ask(ALL, runtime=runtime, warn=lambda table, message: warnings.append(message)) == []
    assert "does not answer" in warnings[0]


def test_nobody_at_the_address_is_noticed_at_once(ask, program, nobody):
    start = monotonic()
    assert ask(ALL, runtime=program(ec2_metadata_endpoint=nobody)) == []
    assert monotonic() - start < 0.5


def test_a_query_that_is_cancelled_does_not_wait_for_another_try(serve, program):
    cancelled = []

    def unwell(request):
        cancelled.append(True)
        return 500, b""

    service = serve(unwell)
    runtime = program(ec2_metadata_endpoint=service.address, aws_imdsv2_request_interval="30")
    start = monotonic()
    assert imds.session(Query(runtime=runtime, cancelled=lambda: bool(cancelled))) is None
    assert monotonic() - start < 2


def test_another_root_has_no_rows(ask, program, serve, tmp_path):
    service = serve(second)
    assert ask(ALL, str(tmp_path), runtime=program(ec2_metadata_endpoint=service.address)) == []
    assert service.requests == []


@pytest.mark.parametrize("silent", ["PUT", "GET", "PUT GET"])
def test_a_machine_that_may_be_an_instance_waits_little(serve, silent):
    service = serve(lambda request: None if request.method in silent else (405, b""))
    warnings = []
    start = monotonic()
    assert imds.answering(imds.Session(Query(warn=warnings.append), service.address, sure=False)) is None
    assert monotonic() - start < 0.8
    assert not warnings


def test_a_machine_that_may_be_an_instance_finds_a_service(serve):
    found = imds.answering(imds.Session(Query(), serve(second).address, sure=False))
    assert found.document(imds.DOCUMENT) == IDENTITY
    found = imds.answering(imds.Session(Query(), serve(first).address, sure=False))
    assert found.get("/latest/meta-data/mac") == b"0A:1b:2c:3d:4e:5f"


def test_a_machine_that_is_no_instance_answers_soon(ask):
    start = monotonic()
    ask("SELECT count(*) FROM ec2_instance_metadata")
    assert monotonic() - start < 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
KEYS = st.sampled_from(["instanceId", "region", "imageId", "InstanceProfileArn", "privateIp"])


@pytest.fixture
def said():
    """What the service of ``talker`` answers, under "body"."""
    return {"body": b""}


@pytest.fixture
def talker(serve, program, said):
    """A runtime whose metadata service answers everything alike."""
    service = serve(lambda request: second(request) if request.method == "PUT" else (200, said["body"]))
    return program(ec2_metadata_endpoint=service.address)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=st.dictionaries(KEYS, JSON) | JSON, raw=st.none() | st.binary(max_size=60))
def test_whatever_a_service_says_gives_one_row(said, talker, document, raw):
    said["body"] = json.dumps(document).encode() if raw is None else raw
    (row,) = ec2_instance_metadata.generators[LINUX](Query(ec2_instance_metadata, runtime=talker))
    assert all(value is None or isinstance(value, str) for value in row)
