"""Asking a runtime of Kubernetes for its containers over gRPC, the way CRI-O is asked.

Source: the Container Runtime Interface of Kubernetes, runtime/v1/api.proto.
"""

from __future__ import annotations

from leadline.linux import protobuf
from leadline.linux.protobuf import entry, field, inner, number, scalars, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadline.linux.grpc import Channel

_STATES = ("created", "running", "stopped", "unknown")  # runtime.v1.ContainerState, in containerd's words
_SECOND = 1_000_000_000  # nanoseconds


class Container:
    """A container as its runtime lists it; ``created`` is in seconds since the epoch."""

    __slots__ = ("created", "id", "image", "labels", "status")

    def __init__(self, message: bytes) -> None:
        """Raises ValueError when the message is none."""
        self.labels: dict[str, str] = {}
        single: dict[int, int | bytes] = {}
        for key, value in protobuf.fields(message):
            if key == 8:
                name, label = entry(inner(value))
                self.labels[name] = text(label)
            else:
                single[key] = value
        self.id = text(single.get(1))
        self.image = text(scalars(inner(single.get(4))).get(1)) or text(single.get(5))
        state = number(single.get(6))
        self.status = _STATES[state] if 0 <= state < len(_STATES) else _STATES[-1]
        created = number(single.get(7)) // _SECOND
        self.created = created if created > 0 else None


def containers(channel: Channel) -> Iterator[Container]:
    """All containers; one that cannot be read is left out. Raises what a call raises."""
    for key, value in protobuf.fields(channel.call("/runtime.v1.RuntimeService/ListContainers")):
        try:
            if key == 1:
                yield Container(inner(value))
        except ValueError:
            continue


def details(channel: Channel, identifier: str) -> object:
    """What the runtime says beyond what all of them do, as JSON decodes it; None when it says nothing.

    CRI-O says the process (``pid``) and the configuration it runs with (``runtimeSpec``). Raises what a call raises.
    """
    import json

    answer = channel.call("/runtime.v1.RuntimeService/ContainerStatus", field(1, identifier) + field(2, 1))
    for key, value in protobuf.fields(answer):
        if key == 2:
            name, said = entry(inner(value))
            if name == "info":
                try:
                    return json.loads(said)
                except (ValueError, RecursionError):
                    return None
    return None
