"""ec2_instance_tags: tags in the metadata, and those that the EC2 API describes."""

from __future__ import annotations

import hashlib
import hmac
import json
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.tables.cloud import describe_tags

INSTANCE = "i-0123456789abcdef0"
IDENTITY = json.dumps({"instanceId": INSTANCE, "region": "eu-central-1"})
LENT = {"Code": "Success", "AccessKeyId": "ASIAROLE", "SecretAccessKey": "rolesecret", "Token": "roletoken=="}
ROLES = "/latest/meta-data/iam/security-credentials/"
ALL = "SELECT instance_id, key, value FROM ec2_instance_tags"
VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE")


@pytest.fixture(autouse=True)
def no_keys(monkeypatch, tmp_path):
    """An environment without credentials; the file that may hold some."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    return tmp_path / "credentials"


def metadata(pages):
    """A metadata service that gives a token and then these pages."""

    def answer(request):
        if request.method == "PUT":
            return 200, b"token"
        body = {"/latest/dynamic/instance-identity/document": IDENTITY, **pages}.get(request.path)
        return (404, b"") if body is None else (200, body.encode())

    return answer


ROLE = metadata({ROLES: "web-role\n", f"{ROLES}web-role": json.dumps(LENT)})


def response(tags, after=""):
    items = "".join(
        f"<item><resourceId>{INSTANCE}</resourceId><resourceType>instance</resourceType>"
        f"<key>{escape(key)}</key><value>{escape(value)}</value></item>"
        for key, value in tags
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<DescribeTagsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>7a62c442</requestId>'
        f"<tagSet>{items}</tagSet>{f'<nextToken>{after}</nextToken>' if after else ''}</DescribeTagsResponse>"
    ).encode()


def signed_with(request, secret, region="eu-central-1"):
    """Whether the request is signed the way the manual says, worked out from what came."""
    fields = dict(part.split("=", 1) for part in request.headers["authorization"].split(" ", 1)[1].split(", "))
    names = fields["SignedHeaders"].split(";")
    canonical = "\n".join(
        (
            f"{request.method}\n{request.path}\n",
            *(f"{name}:{request.headers[name]}" for name in names),
            f"\n{';'.join(names)}",
            hashlib.sha256(request.body).hexdigest(),
        )
    )
    now = request.headers["x-amz-date"]
    scope = f"{now[:8]}/{region}/ec2/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{secret}".encode()
    for part in (*scope.split("/"), text):
        key = hmac.digest(key, part.encode(), "sha256")
    return fields["Signature"] == key.hex() and {"host", "x-amz-date"} <= set(names) and scope in fields["Credential"]


@pytest.fixture
def tags(ask, program, serve):
    """``tags(metadata, api, **flags)``: the rows, the EC2 API that was asked, and the warnings."""

    def run(answer, api=lambda _: (200, response([])), **flags):
        service, endpoint = serve(answer), serve(api)
        warnings = []
        values = {"ec2_metadata_endpoint": service.address, "aws_ec2_endpoint": endpoint.address, **flags}
        found = ask(ALL, runtime=program(**values), warn=lambda table, message: warnings.append(message))
        return [(row["instance_id"], row["key"], row["value"]) for row in found], endpoint, warnings

    return run


def test_tags_in_the_metadata_are_taken_from_there(tags):
    base = "/latest/meta-data/tags/instance/"
    pages = {base: "Name\nteam:owner\nspäte Änderung", f"{base}Name": "web 1\n2", f"{base}team%3Aowner": ""}
    pages[f"{base}sp%C3%A4te%20%C3%84nderung"] = "ja"
    found, endpoint, warnings = tags(metadata(pages))
    assert found == [
        (INSTANCE, "Name", "web 1\n2"),
        (INSTANCE, "team:owner", ""),
        (INSTANCE, "späte Änderung", "ja"),
    ]
    assert endpoint.requests == []
    assert not warnings


def test_the_role_of_the_instance_asks_the_api(tags):
    def api(request):
        assert signed_with(request, "rolesecret")
        assert request.headers["x-amz-security-token"] == "roletoken=="
        assert parse_qs(request.body.decode()) == {
            "Action": ["DescribeTags"],
            "Version": ["2016-11-15"],
            "MaxResults": ["50"],
            "Filter.1.Name": ["resource-id"],
            "Filter.1.Value.1": [INSTANCE],
        }
        return 200, response([("Name", "web 1"), ("a<b", "ü & more"), ("empty", "")])

    found, _, warnings = tags(ROLE, api)
    assert found == [(INSTANCE, "Name", "web 1"), (INSTANCE, "a<b", "ü & more"), (INSTANCE, "empty", "")]
    assert not warnings


def test_all_pages_of_an_answer_are_read(tags):
    def api(request):
        page = parse_qs(request.body.decode()).get("NextToken", [""])[0]
        assert signed_with(request, "rolesecret")
        return 200, response([(f"key{page}", "x")], {"": "one+/=", "one+/=": "two"}.get(page, ""))

    assert [key for _, key, _ in tags(ROLE, api)[0]] == ["key", "keyone+/=", "keytwo"]


def test_pages_without_end_are_left_off(tags):
    found, endpoint, _ = tags(ROLE, lambda _: (200, response([("k", "v")], "again")))
    assert len(found) == len(endpoint.requests) == 20


def test_keys_come_from_flags_then_the_named_profile_then_the_environment_then_the_file(tags, monkeypatch, no_keys):
    used = []

    def api(request):
        used.append(request.headers["authorization"].partition("Credential=")[2].partition("/")[0])
        return 200, response([])

    tags(ROLE, api)
    no_keys.write_text(
        "# keys\n[default]\naws_access_key_id = AKIDFILE\naws_secret_access_key=s\n"
        "[ops]\nAWS_ACCESS_KEY_ID = AKIDOPS\naws_secret_access_key = s=s\n"
        "[broken\n[half]\naws_access_key_id = AKIDHALF\n"
    )
    tags(ROLE, api)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDENV")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    tags(ROLE, api)
    tags(ROLE, api, aws_profile_name="ops")
    tags(ROLE, api, aws_profile_name="half")
    tags(ROLE, api, aws_profile_name="ops", aws_access_key_id="AKIDFLAG", aws_secret_access_key="s")
    assert used == ["ASIAROLE", "AKIDFILE", "AKIDENV", "AKIDOPS", "AKIDENV", "AKIDFLAG"]


def test_an_instance_without_a_role_says_what_is_missing(tags):
    found, endpoint, warnings = tags(metadata({}))
    assert (found, endpoint.requests) == ([], [])
    assert "no credentials" in warnings[0]


def test_a_refusal_is_told_with_its_reason(tags):
    refusal = (
        b"<Response><Errors><Error><Code>UnauthorizedOperation</Code>"
        b"<Message>You are not authorized to perform this operation.</Message></Error></Errors></Response>"
    )
    found, _, warnings = tags(ROLE, lambda _: (403, refusal))
    assert found == []
    assert "status 403 You are not authorized" in warnings[0]


BOMB = b'<!DOCTYPE a [<!ENTITY a "x"><!ENTITY b "&a;&a;">]><DescribeTagsResponse>&b;</DescribeTagsResponse>'


@pytest.mark.parametrize("body", [b"", b"{}", b"<a>", BOMB, b"<a>" * 10_000, b"\xff\xfe<"])
def test_an_answer_that_is_none_is_told(tags, body):
    found, _, warnings = tags(ROLE, lambda _: (200, body))
    assert found == []
    assert "does not describe" in warnings[0]


@pytest.mark.parametrize("region", ["", "evil.example/", "eu-central-1.evil.example#", "-", 7, None, "EU-CENTRAL-1"])
def test_a_region_that_is_none_is_not_asked(tags, region):
    identity = json.dumps({"instanceId": INSTANCE, "region": region})
    answer = metadata(
        {"/latest/dynamic/instance-identity/document": identity, ROLES: "r", f"{ROLES}r": json.dumps(LENT)}
    )
    found, endpoint, warnings = tags(answer)
    assert (found, endpoint.requests) == ([], [])
    assert len(warnings) == 1


@pytest.mark.parametrize(
    "lent", [{}, {"AccessKeyId": "A"}, {**LENT, "Token": "a\r\nb"}, {**LENT, "AccessKeyId": ["A"]}]
)
def test_credentials_that_are_none_are_not_used(tags, lent):
    found, endpoint, _ = tags(metadata({ROLES: "r", f"{ROLES}r": json.dumps(lent)}))
    assert (found, endpoint.requests) == ([], [])


def test_each_region_has_its_endpoint(program):
    from leadline.sql.schema import Query

    def endpoint(region, **flags):
        return describe_tags._endpoint(Query(runtime=program(**flags)), region)

    assert endpoint("eu-central-1") == "https://ec2.eu-central-1.amazonaws.com"
    assert endpoint("cn-north-1") == "https://ec2.cn-north-1.amazonaws.com.cn"
    assert endpoint("us-east-1", aws_enforce_fips="true") == "https://ec2-fips.us-east-1.amazonaws.com"
    assert endpoint("us-gov-west-1", aws_enforce_fips="true") == "https://ec2.us-gov-west-1.amazonaws.com"


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200) | st.integers(0, 400).map(lambda cut: response([("a", "b"), ("c", "")], "n")[:cut]))
def test_no_answer_raises_anything_else(data):
    try:
        describe_tags._found(describe_tags._elements(data))
    except ValueError:
        pass
