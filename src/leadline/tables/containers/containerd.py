"""Asking containerd for its containers over gRPC.

Source: the .proto files under api/ of containerd, versions 1.x and 2.x alike. Everything belongs to a namespace, which
a header of each call names: `k8s.io` holds what Kubernetes runs, `moby` what Docker runs.
"""

from __future__ import annotations

import os

from leadline.linux import protobuf
from leadline.linux.protobuf import entry, inner, number, scalars, text
from leadline.tables.osquery import runtime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadline.linux.grpc import Channel
    from leadline.sql.schema import Query

_USUAL = "/run/containerd/containerd.sock"
_ELSEWHERE = ("/run/k3s/containerd/containerd.sock", "/var/snap/microk8s/common/run/containerd.sock")

_STATES = ("unknown", "created", "running", "stopped", "paused", "pausing")  # containerd.v1.types.Status
_MOST = 10_000  # namespaces of one daemon
_LONGEST = 255  # characters of an identifier
_LETTERS = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.-")


class Container:
    """A container as containerd keeps it. ``spec`` is the runtime's configuration, in JSON most likely."""

    __slots__ = (
        "created", "id", "image", "labels", "runtime", "snapshot_key", "snapshotter", "spec", "updated",
    )  # fmt: skip

    def __init__(self, message: bytes) -> None:
        """Raises ValueError when the message is none."""
        self.labels: dict[str, str] = {}
        single: dict[int, int | bytes] = {}
        for key, value in protobuf.fields(message):
            if key == 2:
                name, label = entry(inner(value))
                self.labels[name] = text(label)
            else:
                single[key] = value
        self.id = text(single.get(1))
        self.image = text(single.get(3))
        self.runtime = text(scalars(inner(single.get(4))).get(1))
        self.spec = inner(scalars(inner(single.get(5))).get(2))
        self.snapshotter = text(single.get(6))
        self.snapshot_key = text(single.get(7))
        self.created = _seconds(inner(single.get(8)))
        self.updated = _seconds(inner(single.get(9)))


def sockets(query: Query) -> list[str]:
    """The socket that the flag names; when nobody named one, those of the usual places that are there."""
    named = runtime.text(query, "containerd_socket", _USUAL)
    if named != _USUAL:
        return [named]
    return [path for path in (_USUAL, *_ELSEWHERE) if os.path.exists(path)]


def namespaces(channel: Channel) -> list[str]:
    """The names of all namespaces. Raises what a call raises."""
    answer = channel.call("/containerd.services.namespaces.v1.Namespaces/List")
    names = (text(one.get(1)) for one in _members(answer))
    return [name for name in names if _sound(name)][:_MOST]


def containers(channel: Channel, namespace: str, wanted: tuple[object, ...] | None) -> Iterator[Container]:
    """The containers of a namespace, or those with the identifiers; one that cannot be read is left out.

    Raises what a call raises.
    """
    filters = [f"id=={name}" for name in wanted or () if isinstance(name, str) and _sound(name)]
    if wanted is not None and not filters:
        return
    request = b"".join(protobuf.field(1, one) for one in filters)
    answer = channel.call("/containerd.services.containers.v1.Containers/List", request, _header(namespace))
    for key, value in protobuf.fields(answer):
        try:
            if key == 1:
                yield Container(inner(value))
        except ValueError:
            continue


def tasks(channel: Channel, namespace: str) -> dict[str, tuple[int, str]]:
    """The first process of each container that has one, and what it is doing. Raises what a call raises."""
    answer = channel.call("/containerd.services.tasks.v1.Tasks/List", b"", _header(namespace))
    found = {}
    for process in _members(answer):
        state = number(process.get(4))
        found[text(process.get(2))] = (
            number(process.get(3)) & 0xFFFFFFFF,
            _STATES[state] if 0 <= state < len(_STATES) else _STATES[0],
        )
    return found


def _members(answer: bytes) -> Iterator[dict[int, int | bytes]]:
    """The messages of a list, which all of these services have as field 1. What is none is left out."""
    for key, value in protobuf.fields(answer):
        try:
            if key == 1:
                yield scalars(inner(value))
        except ValueError:
            continue


def _header(namespace: str) -> dict[str, str]:
    return {"containerd-namespace": namespace}


def _sound(name: str) -> bool:
    """Whether it can be an identifier at all, and so may stand in a filter as it is."""
    return (
        0 < len(name) <= _LONGEST
        and name.isascii()
        and name.replace("-", "").replace("_", "").replace(".", "").isalnum()
    )


def _seconds(timestamp: bytes) -> int | None:
    """Seconds since the epoch of a google.protobuf.Timestamp; None for one before it, such as Go's zero time."""
    seconds = number(scalars(timestamp).get(1))
    return seconds if seconds > 0 else None
