"""ycloud_instance_metadata, asked of metadata services on loopback."""

from __future__ import annotations

import json
from time import monotonic

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadline.sql.schema import EQUALS, LINUX, Query
from leadline.tables.cloud.ycloud_instance_metadata import ycloud_instance_metadata

INSTANCE = {
    "id": "fhmm5252k8vlorj2sbnr",
    "name": "web-0",
    "description": "the shop",
    "hostname": "web-0.ru-central1.internal",
    "zone": "projects/b1g1slgali4fssudpn26/zones/ru-central1-a",
    "attributes": {"ssh-keys": "ops:ssh-ed25519 AAAAC3Nz ops", "serial-port-enable": "1"},
    "vendor": {"folderId": "b1g1slgali4fssudpn26", "cloudId": "b1gb3lkev2gq8qg0vbfq"},
}
ROW = {
    "instance_id": "fhmm5252k8vlorj2sbnr",
    "folder_id": "b1g1slgali4fssudpn26",
    "cloud_id": "b1gb3lkev2gq8qg0vbfq",
    "name": "web-0",
    "description": "the shop",
    "hostname": "web-0.ru-central1.internal",
    "zone": "ru-central1-a",
    "ssh_public_key": "ops:ssh-ed25519 AAAAC3Nz ops",
    "serial_port_enabled": "1",
}


def service(document, prefix=""):
    def answer(request):
        path = f"{prefix}/computeMetadata/v1/instance/?alt=json&recursive=true"
        good = request.headers.get("metadata-flavor") == "Google" and request.path == path
        return (200, json.dumps(document).encode()) if good else (403, b"")

    return answer


def at(*addresses):
    listed = ", ".join(f"'{address}'" for address in addresses)
    return f"SELECT * FROM ycloud_instance_metadata WHERE metadata_endpoint IN ({listed})"


def test_a_machine_is_described(ask, serve):
    address = serve(service(INSTANCE)).address
    assert ask(at(address)) == [{**ROW, "metadata_endpoint": address}]


def test_several_addresses_are_asked_and_a_path_stands_in_front(ask, serve, nobody):
    first = serve(service(INSTANCE)).address
    second = serve(service({"id": "other"}, "/proxy")).address + "/proxy/"
    found = ask(at(first, nobody, second))
    assert {row["metadata_endpoint"]: row["instance_id"] for row in found} == {
        first: "fhmm5252k8vlorj2sbnr",
        second: "other",
    }


@pytest.mark.parametrize(
    "zone", ["", "ru-central1-a", "projects/p/zones-ru-central1-a", "zones/p/x/ru-central1-a", 7, None]
)
def test_a_zone_in_another_form_is_empty(ask, serve, zone):
    (row,) = ask(at(serve(service({**INSTANCE, "zone": zone})).address))
    assert row["zone"] == ""


@pytest.mark.parametrize("document", [{}, {"vendor": [], "attributes": "x", "id": 1}, {"vendor": {"folderId": {}}}])
def test_what_is_missing_or_no_text_is_empty(ask, serve, document):
    address = serve(service(document)).address
    assert ask(at(address)) == [{**dict.fromkeys(ROW, ""), "metadata_endpoint": address}]


@pytest.mark.parametrize("reply", [(200, b"[]"), (200, b"{"), (404, b"{}"), (200, b"[" * 100_000)])
def test_an_answer_that_is_none_is_told(ask, serve, reply):
    warnings = []
    found = ask(at(serve(lambda _: reply).address), warn=lambda table, message: warnings.append(message))
    assert found == []
    assert len(warnings) == 1


@pytest.mark.parametrize("address", ["", "nonsense", "file:///etc/passwd", "http://[", "gopher://127.0.0.1:70"])
def test_what_is_no_address_is_told(ask, address):
    warnings = []
    assert ask(at(address), warn=lambda table, message: warnings.append(message)) == []
    assert "is not the address of a web service" in warnings[0]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "zone", "vendor"]), inner),
    max_leaves=5,
)


@pytest.fixture
def talker(serve):
    """A service that says what is in the list beside it."""
    said = [b""]
    return serve(lambda _: (200, said[0])), said


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=JSON, raw=st.none() | st.binary(max_size=60))
def test_whatever_a_service_says_the_table_does_not_fail(talker, document, raw):
    service, said = talker
    said[0] = json.dumps(document).encode() if raw is None else raw
    constraints = {"metadata_endpoint": [(EQUALS, (service.address,))]}
    query = Query(ycloud_instance_metadata, constraints=constraints)
    for row in ycloud_instance_metadata.generators[LINUX](query):
        assert all(isinstance(value, str) for value in row)


def test_another_root_has_no_rows(ask, serve, tmp_path):
    asked = serve(service(INSTANCE))
    assert ask(at(asked.address), str(tmp_path)) == []
    assert asked.requests == []


def test_a_machine_elsewhere_answers_soon(ask):
    start = monotonic()
    ask("SELECT * FROM ycloud_instance_metadata")
    assert monotonic() - start < 1
