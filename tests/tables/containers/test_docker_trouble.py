"""Daemons that are not there, fail, hang or answer with something else: no row is lost that could be had."""

from __future__ import annotations

import socket
from time import monotonic

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadline.catalogue.index import TABLES
from leadline.linux import unixhttp
from leadline.sql.engine import Engine

DOCKER = sorted(name for name in TABLES if name.startswith("docker_"))
NEEDS_ID = ("docker_container_fs_changes", "docker_container_processes", "docker_container_stats")
A, B = "a" * 64, "b" * 64


def every(table):
    return f"SELECT * FROM {table}" + (f" WHERE id IN ('{A}', '{B}')" if table in NEEDS_ID else "")


def test_all_of_osquerys_tables_are_here():
    assert len(DOCKER) == 19


@pytest.mark.parametrize("table", DOCKER)
def test_without_a_daemon_a_table_is_empty_and_silent(told, tmp_path, table):
    assert told(every(table), docker_socket=str(tmp_path / "none")) == ([], [])


@pytest.mark.parametrize("table", DOCKER)
def test_a_socket_that_nobody_listens_at_is_told_once(told, short, table):
    path = str(short() / "left")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as left:
        left.bind(path)
    rows, warnings = told(every(table), docker_socket=path)
    assert rows == []
    assert len(warnings) == 1
    assert warnings[0].startswith(f"{path}: GET /")
    assert warnings[0].endswith("Connection refused")


@pytest.mark.parametrize("table", DOCKER)
def test_an_answer_that_is_an_error_is_told_with_its_reason(told, listening, table):
    daemon = listening(lambda target: (500, {"message": "the hull leaks"}))
    rows, warnings = told(every(table), docker_socket=daemon.path)
    assert rows == []
    assert warnings[0] == f"{daemon.path}: GET {daemon.requests[0]}: status 500, the hull leaks"
    assert len(warnings) == (2 if table in NEEDS_ID else 1)


@pytest.mark.parametrize("answer", [b"{oops", b"\xff\xfe", b"<html>"])
def test_an_answer_that_is_no_json_is_told(told, listening, answer):
    daemon = listening(lambda target: (200, answer))
    rows, warnings = told("SELECT * FROM docker_images", docker_socket=daemon.path)
    assert rows == []
    assert "the answer is not JSON" in warnings[0]


def test_a_huge_answer_is_cut_off(told, listening):
    daemon = listening(lambda target: (200, b" " * (33 << 20)))
    rows, warnings = told("SELECT * FROM docker_volumes", docker_socket=daemon.path)
    assert rows == []
    assert warnings == [f"{daemon.path}: GET /volumes: the answer is longer than {32 << 20} bytes"]


def test_a_container_that_goes_between_two_requests_keeps_what_the_list_said(told, listening):
    listed = [{"Id": A, "Names": ["/gone"], "State": "running"}, {"Id": B, "Names": ["/here"], "State": "running"}]

    def answering(target):
        if target == "/containers/json":
            return 200, listed
        return (404, {"message": "No such container"}) if A in target else (200, {"Path": "/bin/sh"})

    rows, warnings = told("SELECT name, path, pid FROM docker_containers", docker_socket=listening(answering).path)
    assert rows == [{"name": "/gone", "path": None, "pid": None}, {"name": "/here", "path": "/bin/sh", "pid": None}]
    assert warnings == []


def test_a_daemon_that_hangs_is_waited_for_once_and_the_rows_stay(told, listening, monkeypatch):
    monkeypatch.setattr(unixhttp, "SECONDS", 0.2)
    listed = [{"Id": one * 64, "Names": [f"/{one}"], "State": "running"} for one in "abcdef"]
    daemon = listening(lambda target: (200, listed if target == "/containers/json" else ...))
    began = monotonic()
    rows, warnings = told("SELECT name, path FROM docker_containers", docker_socket=daemon.path)
    assert [row["name"] for row in rows] == ["/a", "/b", "/c", "/d", "/e", "/f"]
    assert len(warnings) == 1
    assert monotonic() - began < 3


def test_an_old_daemon_leaves_columns_unknown(told, listening):
    """API 1.24: no Type of a mount, no MinAPIVersion, labels that are null."""
    answers = {
        "/version": {"Version": "1.12.6", "ApiVersion": "1.24", "Os": "linux"},
        "/containers/json": [
            {
                "Id": A,
                "Names": None,
                "Image": "lead",
                "Created": 1,
                "Labels": None,
                "Ports": None,
                "Mounts": [{"Name": "rope", "Source": "/v", "Destination": "/rope", "RW": True}],
                "NetworkSettings": {"Networks": {"bridge": None}},
            }
        ],
        "/volumes": {"Volumes": None},
        "/networks": [{"Id": B, "Name": "n", "IPAM": {"Config": None}}],
        "/images/json": [{"Id": f"sha256:{B}", "RepoTags": None}],
    }
    path = listening(lambda target: (200, answers.get(target))).path

    def rows(sql):
        found, warnings = told(sql, docker_socket=path)
        assert warnings == []
        return [tuple(row.values()) for row in found]

    assert rows("SELECT version, api_version, min_api_version FROM docker_version") == [("1.12.6", "1.24", None)]
    assert rows("SELECT id, name, image, state, status, created FROM docker_containers") == [
        (A, None, "lead", None, None, 1)
    ]
    assert rows("SELECT type, name, rw FROM docker_container_mounts") == [(None, "rope", 1)]
    assert rows("SELECT name, gateway FROM docker_container_networks") == [("bridge", None)]
    assert rows("SELECT * FROM docker_container_labels") == []
    assert rows("SELECT * FROM docker_container_ports") == []
    assert rows("SELECT * FROM docker_volumes") == []
    assert rows("SELECT name, created, subnet FROM docker_networks") == [("n", None, None)]
    assert rows("SELECT id, tags FROM docker_images") == [(B, "")]


def test_one_bad_member_of_a_list_costs_no_other_row(told, listening):
    listed = [None, 7, "text", [], {}, {"Id": 5}, {"Id": None}, {"Id": "../x", "State": "running"}, {"Id": A}]
    daemon = listening(lambda target: (200, listed if target == "/containers/json" else {}))
    rows, warnings = told("SELECT id, path FROM docker_containers", docker_socket=daemon.path)
    assert A in [row["id"] for row in rows]
    assert not any(".." in request for request in daemon.requests)
    assert warnings == []


def test_text_that_sqlite_refuses_is_escaped(told, listening):
    listed = b'[{"Id": "' + A.encode() + b'", "Names": ["/\\ud800x"], "Labels": {"\\udfff": "\\u0000"}}]'
    path = listening(lambda target: (200, listed)).path
    assert told("SELECT name FROM docker_containers", docker_socket=path)[0] == [{"name": "/\\uD800x"}]
    rows, _ = told("SELECT key, value FROM docker_container_labels", docker_socket=path)
    assert rows == [{"key": "\\uDFFF", "value": "\0"}]


KEYS = (
    "Id", "ID", "Names", "Name", "Image", "ImageID", "Command", "Created", "State", "Status", "Pid", "Labels",
    "Mounts", "Ports", "Type", "PrivatePort", "PublicPort", "IP", "NetworkSettings", "Networks", "HostConfig",
    "Config", "Env", "Entrypoint", "SecurityOpt", "Privileged", "RepoTags", "Tags", "RootFS", "Layers", "IPAM",
    "Subnet", "Volumes", "Options", "type", "Processes", "Path", "Kind", "read", "preread", "blkio_stats",
    "io_service_bytes_recursive", "op", "value", "cpu_stats", "cpu_usage", "total_usage", "memory_stats",
    "stats", "networks", "rx_bytes", "MemTotal", "NCPU", "Version", "StartedAt", "RW",
)  # fmt: skip
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from([A, B, f"sha256:{A}", "2026-11-24T11:51:56.0364Z", "9999-12-31T23:59:59-23:59", "\ud800", "read"]),
)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=24,
)
PROCESSES = st.lists(st.lists(SCALARS, min_size=20, max_size=22), max_size=3).map(lambda rows: {"Processes": rows})
MEMBERS = st.dictionaries(st.sampled_from(KEYS), DOCUMENTS, max_size=8).map(lambda one: {"Id": A, **one})
LISTS = st.lists(MEMBERS, max_size=3)
ANSWERS = st.one_of(DOCUMENTS, LISTS, LISTS.map(lambda one: {"Volumes": one}), MEMBERS, PROCESSES)


@pytest.fixture(scope="module")
def anything(listening):
    answers = {}
    daemon = listening(lambda target: (200, answers["list" if target.endswith(("/json", "all=1")) else "one"]))
    daemon.answers = answers
    return daemon


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(listed=ANSWERS, one=ANSWERS)
def test_any_json_gives_rows_or_none_but_no_failure(anything, program, listed, one):
    anything.answers.update(list=listed, one=one)
    runtime = program(docker_socket=anything.path)
    with Engine(tables=TABLES, runtime=runtime, strict=True) as engine:
        for table in DOCKER:
            list(engine.query(every(table)))
