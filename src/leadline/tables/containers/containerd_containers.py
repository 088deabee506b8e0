"""The containerd_containers table."""

from __future__ import annotations

from leadline.linux.text import clean
from leadline.sql.schema import BIGINT, INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.containers import containerd, cri
from leadline.tables.containers.values import at, number, text, texts
from leadline.tables.osquery import runtime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from leadline.linux.grpc import Channel
    from leadline.sql.schema import Value
    from leadline.tables.containers.containerd import Container

_LABELS = (
    "io.kubernetes.pod.name",
    "io.kubernetes.pod.namespace",
    "io.kubernetes.pod.uid",
    "io.kubernetes.container.name",
)


@table(
    "containerd_containers",
    Column("namespace", TEXT, "Namespace of containerd, such as `k8s.io` or `moby`; NULL for CRI-O.", index=True),
    Column("id", TEXT, "Identifier of the container.", index=True),
    Column("image", TEXT, "Image it was made from."),
    Column("runtime", TEXT, "What runs it, such as `io.containerd.runc.v2`."),
    Column("snapshotter", TEXT, "What keeps its file system, such as `overlayfs`."),
    Column("snapshot_key", TEXT, "Name of the snapshot that is its file system."),
    Column("created_at", BIGINT, "When it was made, in seconds since 1970."),
    Column("updated_at", BIGINT, "When what containerd knows of it last changed, in seconds since 1970."),
    Column("labels", TEXT, "Its labels, a JSON object."),
    Column("pid", INTEGER, "Its first process, as this machine numbers it; NULL when it has none."),
    Column(
        "status",
        TEXT,
        "`created`, `running`, `paused`, `pausing` or `stopped`; NULL when no process was made for it or all are gone.",
    ),
    Column("pod_name", TEXT, "Pod of Kubernetes that it belongs to."),
    Column("pod_namespace", TEXT, "Namespace of Kubernetes that the pod belongs to."),
    Column("pod_uid", TEXT, "Identifier of the pod."),
    Column("container_name", TEXT, "Its name within the pod."),
    Column("args", TEXT, "Program and arguments that it starts, a JSON array."),
    Column("cgroup_path", TEXT, "Control group it is put in, as its runtime writes it."),
    Column("socket", TEXT, "Socket of the daemon that has it."),
    platforms=LINUX,
    live=True,
    asks="a running daemon",
    ours=True,
    examples=[
        "SELECT namespace, id, image, status, pid FROM containerd_containers WHERE status = 'running'",
        "SELECT pod_namespace, pod_name, container_name, image FROM containerd_containers WHERE namespace = 'k8s.io'",
    ],
    notes=(
        "From containerd over gRPC, at the socket that the flag `containerd_socket` names (also where k3s and"
        " MicroK8s have it), which takes root; containers of Docker and Kubernetes are among them. From CRI-O in the"
        " same way, at the socket that `crio_socket` names."
    ),
)
def containerd_containers(query: Query) -> Rows:
    """Containers that containerd manages, in all of its namespaces, and those of CRI-O."""
    for socket in containerd.sockets(query):
        yield from _asked(query, socket, _rows)
    if query.equals("namespace") is None:
        yield from _asked(query, runtime.text(query, "crio_socket", "/var/run/crio/crio.sock"), _kubernetes_rows)


def _asked(query: Query, socket: str, rows: Callable[[Query, Channel, str], Rows]) -> Rows:
    """The rows of the daemon at a socket, with the socket behind them; none when there is no socket."""
    if not socket:
        return
    from leadline.linux import grpc

    try:
        with grpc.Channel(socket, cancelled=query.cancelled) as channel:
            for row in rows(query, channel, socket):
                yield (*row, socket)
    except FileNotFoundError:
        return
    except (OSError, ValueError, grpc.CallError) as error:
        if not query.cancelled():
            query.warn(f"{socket}: {error}")


def _rows(query: Query, channel: Channel, socket: str) -> Rows:
    """The rows of one daemon. Raises what a call raises, but for a namespace that the daemon refuses to show."""
    from leadline.linux.grpc import CallError

    wanted = query.equals("namespace")
    for namespace in containerd.namespaces(channel):
        if wanted is not None and namespace not in wanted:
            continue
        tasks: dict[str, tuple[int, str]] = {}
        try:
            if query.uses("pid", "status"):
                tasks = containerd.tasks(channel, namespace)
        except CallError as error:
            query.warn(f"{socket}: no processes in {namespace}: {error}")
        try:
            for container in containerd.containers(channel, namespace, query.equals("id")):
                yield _row(query, namespace, container, tasks)
        except CallError as error:
            query.warn(f"{socket}: no containers in {namespace}: {error}")


def _row(query: Query, namespace: str, container: Container, tasks: dict[str, tuple[int, str]]) -> tuple[Value, ...]:
    spec = _decoded(container.spec) if query.uses("args", "cgroup_path") else None
    return (
        namespace,
        container.id,
        container.image,
        container.runtime,
        container.snapshotter,
        container.snapshot_key,
        container.created,
        container.updated,
        _json(container.labels),
        *tasks.get(container.id, (None, None)),
        *_described(container.labels, spec),
    )


def _described(labels: dict[str, str], spec: object) -> tuple[Value, ...]:
    """The columns from `pod_name` to `cgroup_path`."""
    return (
        *(labels.get(name) for name in _LABELS),
        _json(texts(spec, "process", "args")) if isinstance(at(spec, "process", "args"), list) else None,
        text(spec, "linux", "cgroupsPath"),
    )


def _kubernetes_rows(query: Query, channel: Channel, socket: str) -> Rows:
    """The rows of one runtime of Kubernetes. Raises what a call raises, but for a container that is gone by now."""
    from leadline.linux.grpc import CallError

    wanted = query.equals("id")
    for container in cri.containers(channel):
        if wanted is not None and container.id not in wanted:
            continue
        more = None
        try:
            if query.uses("pid", "args", "cgroup_path"):
                more = cri.details(channel, container.id)
        except CallError as error:
            query.warn(f"{socket}: {container.id}: {error}")
        yield (
            None,
            container.id,
            container.image,
            None,
            None,
            None,
            container.created,
            None,
            _json(container.labels),
            number(more, "pid") or None,
            container.status,
            *_described(container.labels, at(more, "runtimeSpec")),
        )


def _decoded(spec: bytes) -> object:
    import json

    try:
        return json.loads(spec)
    except (ValueError, RecursionError):
        return None


def _json(value: object) -> str:
    import json

    return clean(json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")))
