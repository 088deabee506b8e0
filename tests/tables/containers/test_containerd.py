"""containerd_containers: asked of a real containerd, with ctr as the oracle, and of servers that say odd things."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadline.linux.protobuf import field

google = pytest.importorskip("grpc", reason="grpcio is not installed")

POD = {
    "io.kubernetes.container.name": "nginx",
    "io.kubernetes.pod.name": "web-0",
    "io.kubernetes.pod.namespace": "shop",
    "io.kubernetes.pod.uid": "11111111-2222-3333-4444-555555555555",
}
CONFIG = """version = 2
root = "{0}/root"
state = "{0}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "{0}/containerd.sock"
"""


class Containerd:
    """A containerd of our own, with everything it has below one directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.socket = f"{directory}/containerd.sock"
        (directory / "config.toml").write_text(CONFIG.format(directory))
        self.log = (directory / "log").open("wb")
        command = ["containerd", "--config", str(directory / "config.toml")]
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        if not self.answers():
            self.end()
            pytest.skip(f"containerd does not start: {(directory / 'log').read_text()[-300:]}")

    def answers(self) -> bool:
        end = time.monotonic() + 10
        while time.monotonic() < end and self.process.poll() is None:
            done = subprocess.run(["ctr", "--address", self.socket, "version"], capture_output=True, check=False)
            if done.returncode == 0:
                return True
            time.sleep(0.1)
        return False

    def ctr(self, namespace: str, *words: str) -> str:
        command = ["ctr", "--address", self.socket, "--namespace", namespace, *words]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        self.log.close()


@pytest.fixture(scope="session")
def containerd(short: Callable[[], Path]) -> Iterator[Containerd]:
    """A containerd with three containers in two namespaces, none of which runs."""
    if not shutil.which("containerd") or not shutil.which("ctr"):
        pytest.skip("containerd is not installed")
    if os.geteuid() != 0:
        pytest.skip("containerd takes root")
    daemon = Containerd(short())
    rootfs = daemon.directory / "rootfs"
    for name in ("bin", "proc", "dev", "sys"):
        (rootfs / name).mkdir(parents=True)
    for namespace in ("k8s.io", "moby", "empty"):
        daemon.ctr(namespace, "namespaces", "create", namespace)
    labels = [word for name, value in POD.items() for word in ("--label", f"{name}={value}")]
    create = ("containers", "create", "--rootfs")
    daemon.ctr("k8s.io", *create, *labels, str(rootfs), "nginx-1", "/bin/sleep", "100")
    daemon.ctr("k8s.io", *create, "--label", "note=a b", str(rootfs), "pause_1", "/bin/pause")
    daemon.ctr("moby", *create, str(rootfs), "db.1", "/bin/db", "--quiet")
    yield daemon
    daemon.end()


@pytest.fixture
def rows(containerd, told):
    """``rows(sql)``: what a statement finds in the real daemon, which gives no reason to warn."""

    def ask(sql):
        found, warnings = told(sql, containerd_socket=containerd.socket, crio_socket="")
        assert not warnings
        return found

    return ask


def test_containers_are_as_ctr_has_them(rows, containerd):
    found = rows("SELECT * FROM containerd_containers")
    assert sorted((row["namespace"], row["id"]) for row in found) == [
        ("k8s.io", "nginx-1"),
        ("k8s.io", "pause_1"),
        ("moby", "db.1"),
    ]
    for row in found:
        info = json.loads(containerd.ctr(row["namespace"], "containers", "info", row["id"]))
        assert {
            "id": row["id"],
            "image": row["image"],
            "runtime": row["runtime"],
            "snapshotter": row["snapshotter"],
            "snapshot_key": row["snapshot_key"],
            "labels": json.loads(row["labels"]) or None,
            "args": json.loads(row["args"]),
            "cgroup_path": row["cgroup_path"],
            "created_at": row["created_at"],
            "updated_at": row["updated_at"],
        } == {
            "id": info["ID"],
            "image": info["Image"],
            "runtime": info["Runtime"]["Name"],
            "snapshotter": info["Snapshotter"],
            "snapshot_key": info["SnapshotKey"],
            "labels": info["Labels"] or None,
            "args": info["Spec"]["process"]["args"],
            "cgroup_path": info["Spec"]["linux"]["cgroupsPath"],
            "created_at": seconds(info["CreatedAt"]),
            "updated_at": seconds(info["UpdatedAt"]),
        }
        assert (row["pid"], row["status"], row["socket"]) == (None, None, containerd.socket)


def seconds(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp())


def test_a_container_of_kubernetes_names_its_pod(rows):
    (row,) = rows("SELECT pod_name, pod_namespace, pod_uid, container_name, labels FROM containerd_containers LIMIT 1")
    assert tuple(row.values())[:4] == ("web-0", "shop", "11111111-2222-3333-4444-555555555555", "nginx")
    assert row["labels"] == json.dumps(POD, separators=(",", ":"))


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("id = 'db.1'", ["db.1"]),
        ("id IN ('db.1', 'nginx-1', 'none')", ["db.1", "nginx-1"]),
        ("namespace = 'moby'", ["db.1"]),
        ("namespace = 'empty'", []),
        ("namespace = 'none'", []),
        ("id = 'nginx-1' AND namespace = 'moby'", []),
        ("id = 'x,labels.note==a'", []),
        ("id = ''", []),
        ("id LIKE 'pause%'", ["pause_1"]),
    ],
)
def test_containers_are_found_by_what_a_statement_says(rows, where, found):
    assert sorted(row["id"] for row in rows(f"SELECT id FROM containerd_containers WHERE {where}")) == found


@pytest.fixture
def running(containerd):
    """The first process of nginx-1 while it runs."""
    if not shutil.which("busybox") or not shutil.which("runc"):
        pytest.skip("busybox and runc are not installed")
    program = containerd.directory / "rootfs/bin/sleep"
    shutil.copy(shutil.which("busybox"), program)
    try:
        containerd.ctr("k8s.io", "tasks", "start", "--detach", "nginx-1")
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no container can run here: {error.stderr[-300:]}")
    listed = [line.split() for line in containerd.ctr("k8s.io", "tasks", "list").splitlines()[1:]]
    yield next(int(pid) for name, pid, _ in listed if name == "nginx-1")
    subprocess.run(
        ["ctr", "--address", containerd.socket, "--namespace", "k8s.io", "tasks", "delete", "--force", "nginx-1"],
        capture_output=True,
        check=False,
    )


def test_a_container_that_runs_shows_its_process_and_state(rows, containerd, running):
    sql = "SELECT id, pid, status FROM containerd_containers WHERE namespace = 'k8s.io'"
    assert {row["id"]: (row["pid"], row["status"]) for row in rows(sql)} == {
        "nginx-1": (running, "running"),
        "pause_1": (None, None),
    }
    (joined,) = rows("SELECT p.pid, c.id FROM containerd_containers c JOIN processes p USING (pid)")
    assert tuple(joined.values()) == (running, "nginx-1")
    containerd.ctr("k8s.io", "tasks", "kill", "--signal", "SIGKILL", "nginx-1")
    end = time.monotonic() + 5
    while rows(sql)[0]["status"] == "running" and time.monotonic() < end:
        time.sleep(0.05)
    assert {row["status"] for row in rows(sql)} == {"stopped", None}


NAMESPACES = "/containerd.services.namespaces.v1.Namespaces/List"
CONTAINERS = "/containerd.services.containers.v1.Containers/List"
TASKS = "/containerd.services.tasks.v1.Tasks/List"


@pytest.fixture(scope="module")
def odd(short):
    """``odd[method] = bytes or function``: a server of Google's that answers so; ``odd["socket"]`` is where."""
    answers: dict[str, Any] = {}

    class Handler(google.GenericRpcHandler):  # type: ignore[misc,name-defined]
        def service(self, details: Any) -> Any:
            answer = answers.get(details.method)
            if answer is None:
                return None
            return google.unary_unary_rpc_method_handler(answer if callable(answer) else lambda *_: answer)

    with ThreadPoolExecutor(2) as pool:
        server = google.server(pool)
        server.add_generic_rpc_handlers((Handler(),))
        answers["socket"] = f"{short()}/odd.sock"
        server.add_insecure_port(f"unix:{answers['socket']}")
        server.start()
        yield answers
        server.stop(None).wait()


ONE = field(1, field(1, "k8s.io"))


@pytest.fixture
def asked(odd, told):
    """``asked(namespaces, containers, tasks)``: the rows that come of these answers, and the warnings."""

    def ask(namespaces=ONE, containers=b"", tasks=b"", sql="SELECT * FROM containerd_containers"):
        odd.update({NAMESPACES: namespaces, CONTAINERS: containers, TASKS: tasks})
        return told(sql, containerd_socket=odd["socket"], crio_socket="")

    return ask


def container(identifier, *more):
    return field(1, field(1, identifier) + b"".join(more))


def test_every_field_is_read_from_where_the_proto_files_have_it(asked, odd):
    spec = json.dumps({"process": {"args": ["/bin/ü", "\ud800"]}, "linux": {"cgroupsPath": "/kubepods/x"}})
    found, warnings = asked(
        containers=container(
            "one",
            field(2, field(1, "b") + field(2, "2")),
            field(2, field(1, "a") + field(2, '"1"')),
            field(3, "docker.io/library/nginx:1.27"),
            field(4, field(1, "io.containerd.kata.v2")),
            field(5, field(1, "types.containerd.io/opencontainers/runtime-spec/1/Spec") + field(2, spec)),
            field(6, "overlayfs"),
            field(7, "key"),
            field(8, field(1, 1795000000) + field(2, 500)),
            field(9, field(1, -62135596800)),
            field(99, "of a later version"),
        ),
        tasks=field(1, field(2, "one") + field(3, 4711) + field(4, 4)) + field(1, field(2, "two") + field(4, 99)),
    )
    assert found == [
        {
            "namespace": "k8s.io",
            "id": "one",
            "image": "docker.io/library/nginx:1.27",
            "runtime": "io.containerd.kata.v2",
            "snapshotter": "overlayfs",
            "snapshot_key": "key",
            "created_at": 1795000000,
            "updated_at": None,
            "labels": '{"a":"\\"1\\"","b":"2"}',
            "pid": 4711,
            "status": "paused",
            "pod_name": None,
            "pod_namespace": None,
            "pod_uid": None,
            "container_name": None,
            "args": '["/bin/ü","\\\\uD800"]',
            "cgroup_path": "/kubepods/x",
            "socket": odd["socket"],
        }
    ]
    assert not warnings


def test_each_namespace_is_asked_under_its_name_and_odd_ones_are_not(asked, odd):
    named = []

    def listed(request, context):
        named.append(dict(context.invocation_metadata())["containerd-namespace"])
        return container(named[-1])

    namespaces = b"".join(field(1, field(1, name)) for name in ("k8s.io", "moby", "", "a\nb", "ü", "x" * 300))
    found, _ = asked(namespaces, listed, sql="SELECT id FROM containerd_containers")
    assert [row["id"] for row in found] == named == ["k8s.io", "moby"]


def test_tasks_are_not_asked_for_when_nobody_reads_them(asked):
    found, warnings = asked(containers=container("one"), tasks=None, sql="SELECT id FROM containerd_containers")
    assert ([row["id"] for row in found], warnings) == (["one"], [])


def refuse(request, context):
    context.set_code(google.StatusCode.PERMISSION_DENIED)
    context.set_details("not you")
    return b""


def test_a_refusal_is_told_with_its_reason(asked):
    for answers in ({"namespaces": refuse}, {"containers": refuse}):
        found, warnings = asked(**answers)
        assert found == []
        assert "not you" in warnings[0]


def test_containers_are_listed_when_their_processes_cannot_be(asked):
    found, warnings = asked(containers=container("one"), tasks=refuse)
    assert [(row["id"], row["pid"], row["status"]) for row in found] == [("one", None, None)]
    assert "no processes in k8s.io: not you" in warnings[0]


def test_a_container_that_cannot_be_read_costs_no_other(asked):
    found, warnings = asked(containers=container("one") + field(1, b"\xff") + container("two"))
    assert [row["id"] for row in found] == ["one", "two"]
    assert not warnings


def test_a_machine_without_containerd_has_no_rows_and_no_warnings(told, tmp_path):
    assert told("SELECT * FROM containerd_containers", containerd_socket=str(tmp_path / "none")) == ([], [])


def test_a_socket_without_a_daemon_is_told(told, tmp_path):
    (tmp_path / "file").touch()
    found, warnings = told("SELECT * FROM containerd_containers", containerd_socket=str(tmp_path / "file"))
    assert found == []
    assert len(warnings) == 1


def test_another_root_has_no_rows(told, odd, tmp_path):
    found, warnings = told("SELECT * FROM containerd_containers", str(tmp_path), containerd_socket=odd["socket"])
    assert found == []
    assert len(warnings) == 1


LISTED = "/runtime.v1.RuntimeService/ListContainers"
STATUS = "/runtime.v1.RuntimeService/ContainerStatus"
SPEC = {"process": {"args": ["nginx", "-g", "daemon off;"]}, "linux": {"cgroupsPath": "kubepods-x.slice:crio:one"}}


@pytest.fixture
def crio(odd, told):
    """``crio(containers, status, sql)``: the rows that come of these answers of a runtime, and the warnings."""

    def ask(containers, status=b"", sql="SELECT * FROM containerd_containers"):
        odd.update({LISTED: containers, STATUS: status})
        return told(sql, containerd_socket="", crio_socket=odd["socket"])

    return ask


def test_containers_of_cri_o_are_listed_too(crio, odd):
    asked = []

    def status(request, context):
        asked.append(request)
        return field(1, b"") + field(2, field(1, "info") + field(2, json.dumps({"pid": 4711, "runtimeSpec": SPEC})))

    listed = container(
        "one",
        field(2, "sandbox"),
        field(3, field(1, "nginx")),
        field(4, field(1, "registry.example/nginx:1.27")),
        field(6, 1),
        field(7, 1795000000 * 10**9 + 5),
        *(field(8, field(1, name) + field(2, value)) for name, value in POD.items()),
    )
    (row,), warnings = crio(listed, status)
    assert asked == [field(1, "one") + field(2, 1)]
    assert not warnings
    assert row == {
        "namespace": None,
        "id": "one",
        "image": "registry.example/nginx:1.27",
        "runtime": None,
        "snapshotter": None,
        "snapshot_key": None,
        "created_at": 1795000000,
        "updated_at": None,
        "labels": json.dumps(POD, separators=(",", ":")),
        "pid": 4711,
        "status": "running",
        "pod_name": "web-0",
        "pod_namespace": "shop",
        "pod_uid": "11111111-2222-3333-4444-555555555555",
        "container_name": "nginx",
        "args": '["nginx","-g","daemon off;"]',
        "cgroup_path": "kubepods-x.slice:crio:one",
        "socket": odd["socket"],
    }


def test_states_of_cri_o_go_by_the_names_of_containerd(crio):
    listed = b"".join(container(str(state), field(6, state)) for state in range(5)) + field(1, b"\xff")
    found, _ = crio(listed, sql="SELECT id, status FROM containerd_containers WHERE id <> 'x'")
    assert [row["status"] for row in found] == ["created", "running", "stopped", "unknown", "unknown"]


def test_a_container_of_cri_o_that_is_gone_by_now_is_told(crio):
    found, warnings = crio(container("one"), refuse)
    assert [(row["id"], row["pid"], row["args"]) for row in found] == [("one", None, None)]
    assert "one: not you" in warnings[0]
    assert crio(container("one"), refuse, "SELECT id FROM containerd_containers WHERE namespace = 'moby'") == ([], [])


VALUES = st.integers(0, (1 << 64) - 1) | st.binary(max_size=20) | st.text(max_size=9)
MEMBERS = st.lists(st.tuples(st.integers(1, 10), VALUES))
LISTS = st.lists(MEMBERS.map(lambda members: field(1, b"".join(field(*one) for one in members)))).map(b"".join)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(namespaces=st.just(ONE) | LISTS, containers=LISTS | st.binary(), tasks=LISTS | st.binary())
def test_whatever_a_daemon_says_the_table_does_not_fail(asked, crio, namespaces, containers, tasks):
    asked(namespaces, containers, tasks)
    crio(containers, tasks)
