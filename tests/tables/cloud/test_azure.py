"""The tables of Azure, asked of metadata services old and new."""

from __future__ import annotations

import json
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.tables.cloud.azure_instance_tags import _tags

VM = "02aab8a4-74ef-476e-8182-f6d2ba4166a6"
COMPUTE = {
    "location": "westeurope",
    "name": "web-0",
    "offer": "debian-12",
    "osType": "Linux",
    "placementGroupId": "",
    "platformFaultDomain": "0",
    "platformUpdateDomain": "1",
    "publisher": "Debian",
    "resourceGroupName": "shop",
    "sku": "12-gen2",
    "subscriptionId": "8d10da13-8125-4ba9-a717-bf7490507b3d",
    "tags": "Environment:Production;url:https://a.example;odd",
    "version": "0.20240507.1740",
    "vmId": VM,
    "vmScaleSetName": "",
    "vmSize": "Standard_D2s_v5",
    "zone": "2",
}
LISTED = [
    {"name": "Environment", "value": "Production"},
    {"name": "notes", "value": "a;b:c"},
    {"name": "bare"},
    "x",
    {},
]


def service(*versions, document=None):
    """A service that knows these versions of the API."""

    def answer(request):
        if request.headers.get("metadata") != "true":
            return 400, b'{"error": "Bad request. Required metadata header not specified"}'
        path, _, version = request.path.partition("?api-version=")
        if path != "/metadata/instance/compute" or version not in versions:
            return 400, b'{"error": "Bad request. api-version is invalid", "newest-versions": []}'
        listed = {"tagsList": LISTED} if version != "2018-02-01" else {}
        return 200, json.dumps({**(COMPUTE if document is None else document), **listed}).encode()

    return answer


@pytest.fixture
def rows(ask, program, serve):
    """``rows(answer, sql)``: the rows of a statement, the service that was asked, and the warnings."""

    def run(answer, sql):
        asked = serve(answer)
        warnings = []
        runtime = program(azure_metadata_endpoint=asked.address)
        return ask(sql, runtime=runtime, warn=lambda table, message: warnings.append(message)), asked, warnings

    return run


def test_a_machine_is_described(rows):
    (row,), asked, warnings = rows(service("2018-02-01"), "SELECT * FROM azure_instance_metadata")
    assert row == {
        "location": "westeurope",
        "name": "web-0",
        "offer": "debian-12",
        "publisher": "Debian",
        "sku": "12-gen2",
        "version": "0.20240507.1740",
        "os_type": "Linux",
        "platform_update_domain": "1",
        "platform_fault_domain": "0",
        "vm_id": VM,
        "vm_size": "Standard_D2s_v5",
        "subscription_id": "8d10da13-8125-4ba9-a717-bf7490507b3d",
        "resource_group_name": "shop",
        "placement_group_id": "",
        "vm_scale_set_name": "",
        "zone": "2",
    }
    assert asked.paths == ["GET /metadata/instance/compute?api-version=2018-02-01"]
    assert not warnings


def test_what_is_missing_or_no_text_is_empty(rows):
    answer = service("2018-02-01", document={"vmId": VM, "zone": 2, "name": None, "sku": ["x"]})
    (row,), *_ = rows(answer, "SELECT * FROM azure_instance_metadata")
    assert {name: value for name, value in row.items() if value} == {"vm_id": VM}
    assert set(row.values()) == {VM, ""}


def test_a_new_service_lists_tags_one_by_one(rows):
    found, *_ = rows(service("2018-02-01", "2019-06-04"), "SELECT * FROM azure_instance_tags")
    assert [tuple(row.values()) for row in found] == [
        (VM, "Environment", "Production"),
        (VM, "notes", "a;b:c"),
        (VM, "bare", ""),
    ]


def test_an_old_service_gives_tags_as_one_text(rows):
    found, asked, warnings = rows(service("2018-02-01"), "SELECT * FROM azure_instance_tags")
    assert [tuple(row.values()) for row in found] == [
        (VM, "Environment", "Production"),
        (VM, "url", "https://a.example"),
    ]
    assert len(asked.requests) == 2
    assert not warnings


@pytest.mark.parametrize("answer", [(200, b"[]"), (200, b"{"), (200, b""), (500, b""), (200, b"[" * 100_000)])
@pytest.mark.parametrize("table", ["azure_instance_metadata", "azure_instance_tags"])
def test_an_answer_that_is_none_is_told(rows, table, answer):
    found, _, warnings = rows(lambda _: answer, f"SELECT * FROM {table}")
    assert found == []
    assert len(warnings) == 1


def test_nobody_at_the_address_is_noticed_at_once(ask, program, nobody):
    start = monotonic()
    assert ask("SELECT * FROM azure_instance_tags", runtime=program(azure_metadata_endpoint=nobody)) == []
    assert monotonic() - start < 0.5


def test_another_root_has_no_rows(ask, program, serve, tmp_path):
    asked = serve(service("2018-02-01"))
    runtime = program(azure_metadata_endpoint=asked.address)
    assert ask("SELECT * FROM azure_instance_metadata", str(tmp_path), runtime=runtime) == []
    assert asked.requests == []


def test_a_machine_elsewhere_answers_soon(ask):
    start = monotonic()
    ask("SELECT * FROM azure_instance_metadata, azure_instance_tags")
    assert monotonic() - start < 1


TAG = st.none() | st.text() | st.dictionaries(st.sampled_from(["name", "value"]), st.text() | st.none() | st.integers())


@given(st.dictionaries(st.sampled_from(["tags", "tagsList"]), st.text() | st.none() | st.lists(TAG)))
def test_tags_of_any_shape_give_texts(document):
    assert all(isinstance(key, str) and isinstance(value, str) for key, value in _tags(document))
