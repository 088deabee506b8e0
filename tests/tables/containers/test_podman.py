"""podman_containers, asked of services that answer as a real Podman 4.3 once did."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

import pytest

from leadline.tables.containers import podman

SOUNDING = "cde9adc67c8cefc8b9d7a1fa2222e2aa98f9c0dee1fd74fe535b2d1e0a7af430"
MOORED = "8d22562372b3b3d77b98b62b50b8f0c970354835417c1c65a4f7e34dc76d1001"
IMAGE = "2972c19c2d81ca0642a34a4257790508ebe2905e979e4308f64f158dfa776b9e"
LIST = "/containers/json?all=1"
PODS = "/v1.0.0/libpod/containers/json?all=true"
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@pytest.fixture(scope="session")
def answering(read):
    def answer(target):
        match urlsplit(target).path.strip("/").split("/"):
            case ["containers", "json"]:
                return 200, read("podman/containers")
            case ["v1.0.0", "libpod", "containers", "json"]:
                return 200, read("podman/libpod_containers")
            case ["containers", name, "json"]:
                return 200, read(f"podman/container_{'sounding' if name == SOUNDING else 'moored'}")
        return 404, {"cause": "", "message": "Not Found", "response": 404}

    return answer


@pytest.fixture(scope="session")
def service(listening, answering):
    return listening(answering)


@pytest.fixture
def podmen(service, told):
    service.requests.clear()

    def ask(sql):
        rows, warnings = told(sql, podman_sockets=service.path)
        assert warnings == []
        return rows

    return ask


def test_containers_that_run_and_that_do_not_have_a_row_each(podmen, service):
    rows = podmen("SELECT * FROM podman_containers ORDER BY created")
    assert [{key: value for key, value in row.items() if not key.endswith("_namespace")} for row in rows] == [
        {
            "id": MOORED,
            "name": "moored",
            "image": "localhost/lead:1",
            "image_id": IMAGE,
            "command": "/bin/sleep 5",
            "created": 1795521250,
            "state": "created",
            "status": "Created",
            "pid": 0,
            "path": "/bin/sleep",
            "config_entrypoint": "",
            "started_at": "0001-01-01T00:00:00Z",
            "finished_at": "0001-01-01T00:00:00Z",
            "privileged": 0,
            "security_options": "",
            "env_variables": f"{PATH}, TERM=xterm, container=podman",
            "readonly_rootfs": 0,
            "pod": "",
            "pod_name": "",
            "uid": os.getuid(),
            "socket": service.path,
        },
        {
            "id": SOUNDING,
            "name": "sounding",
            "image": "localhost/lead:1",
            "image_id": IMAGE,
            "command": "/bin/sleep 1000",
            "created": 1795521579,
            "state": "running",
            "status": "Up 3 minutes",
            "pid": 2333,
            "path": "/bin/sleep",
            "config_entrypoint": "",
            "started_at": "2026-11-24T11:59:39.877658723Z",
            "finished_at": "",
            "privileged": 0,
            "security_options": "",
            "env_variables": f"KNOT=12, {PATH}, TERM=xterm, container=podman, HOSTNAME=cde9adc67c8c",
            "readonly_rootfs": 0,
            "pod": "b273d1ec2f5253274bca408faac937c2e79e3932d8a4941890fb43481a470c21",
            "pod_name": "lines",
            "uid": os.getuid(),
            "socket": service.path,
        },
    ]
    assert sorted(service.requests) == sorted(
        [LIST, PODS, f"/containers/{MOORED}/json", f"/containers/{SOUNDING}/json"]
    )


def test_one_request_is_enough_for_what_the_list_says(podmen, service):
    assert len(podmen("SELECT id, name, state, uid FROM podman_containers")) == 2
    assert service.requests == [LIST]


def test_an_id_may_be_shortened(podmen, service):
    assert podmen("SELECT id, name, path FROM podman_containers WHERE id = 'CDE9'") == [
        {"id": "CDE9", "name": "sounding", "path": "/bin/sleep"}
    ]
    assert service.requests == [LIST, f"/containers/{SOUNDING}/json"]


def test_a_docker_daemon_in_podmans_place_knows_of_no_pods(told, dockerd):
    rows, _ = told("SELECT name, pod, pod_name FROM podman_containers", podman_sockets=dockerd.path)
    assert {"name": "sounding", "pod": None, "pod_name": None} in rows
    assert len(rows) == 4


def test_users_services_are_found_below_a_directory_of_their_ids(told, listening, answering, short):
    run, own = short(), os.getuid()
    for name in (str(own), str(own + 1), "gdm", f"{own + 2}"):
        (run / name / "podman").mkdir(parents=True)
    ours = listening(answering, run / str(own) / "podman" / "podman.sock")
    taken = listening(answering, run / str(own + 1) / "podman" / "podman.sock")
    listening(answering, run / "gdm" / "podman" / "podman.sock")
    sockets = f"{run}/none.sock, {run}/*/podman/podman.sock"

    rows, warnings = told("SELECT DISTINCT uid, socket FROM podman_containers", podman_sockets=sockets)
    assert rows == [{"uid": own, "socket": ours.path}]
    assert warnings == [f"{taken.path}: the daemon behind it is not one of the user {own + 1}"]
    assert taken.requests == []

    ours.requests.clear()
    assert told(f"SELECT * FROM podman_containers WHERE uid = {own + 2}", podman_sockets=sockets) == ([], [])
    assert len(told(f"SELECT uid FROM podman_containers WHERE uid = {own}", podman_sockets=sockets)[0]) == 2
    assert ours.requests == [LIST]


def test_a_service_that_fails_costs_no_other_ones_rows(told, listening, service):
    broken = listening(lambda target: (500, {"message": "no"}))
    rows, warnings = told("SELECT name FROM podman_containers", podman_sockets=f"{broken.path},{service.path}")
    assert [row["name"] for row in rows] == ["moored", "sounding"]
    assert warnings == [f"{broken.path}: GET {LIST}: status 500, no"]


def test_no_service_can_fill_the_memory(told, listening):
    greedy = listening(lambda target: (200, b"[" + b"[]," * (5 << 20) + b"[]]"))
    rows, warnings = told("SELECT name FROM podman_containers", podman_sockets=greedy.path)
    assert rows == []
    assert warnings == [f"{greedy.path}: GET {LIST}: the answer is longer than {4 << 20} bytes"]


def test_without_podman_there_are_no_rows_and_no_warnings(told, tmp_path):
    sockets = f"{tmp_path}/podman.sock,{tmp_path}/none/*/podman.sock,,*"
    assert told("SELECT * FROM podman_containers", podman_sockets=sockets) == ([], [])


def test_under_another_root_nothing_is_asked(told, service, tmp_path):
    service.requests.clear()
    rows, warnings = told("SELECT * FROM podman_containers", str(tmp_path))
    assert rows == []
    assert warnings == ["podman_containers asks a running daemon and has no rows for another root"]
    assert service.requests == []


def test_the_flag_has_the_paths_that_podman_documents(program):
    assert program().flag("podman_sockets") == podman.SOCKETS
