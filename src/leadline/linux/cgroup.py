"""Control groups of processes, and the containers that their paths tell.

Container engines put each container into a control group that carries its id or name. Where and how is a custom of
each engine and of the driver it uses (cgroupfs or systemd), not an interface of the kernel: cgroups(7).
"""

from __future__ import annotations

from leadline.linux import files
from leadline.linux.systemd.escaped import unescaped
from leadline.linux.text import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_HEX = frozenset("0123456789abcdef")
_ID = 64  # hexadecimal digits of the ids that docker, containerd, podman and CRI-O give
_NSPAWN = "systemd-nspawn@"
_MACHINE = "machine-"
_VIRTUAL = ("qemu-", "xen-")  # virtual machines that libvirt registers; their processes run on the host
_MONITORS = ("lxc.monitor", "crio-conmon-", "libpod-conmon-")  # they watch a container from the host


def of(root: str, pid: int) -> tuple[str | None, str | None]:
    """The process's most telling control group and its container, each None when there is none to be known."""
    data = files.record(f"{root}/proc/{pid}/cgroup")
    return found(data) if data else (None, None)


def found(data: bytes) -> tuple[str | None, str | None]:
    """The same from the contents of /proc/PID/cgroup.

    A process may be in a container's group in one hierarchy and at the root of another. The unified hierarchy comes
    first, then systemd's own, then the controllers of version 1 as listed; a group below the root before the root.
    """
    paths = [path for _, path in sorted(_hierarchies(data))]
    for path in paths:
        name = container(path)
        if name is not None:
            return path, name
    return next((path for path in paths if path != "/"), paths[0] if paths else None), None


def _hierarchies(data: bytes) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(data.split(b"\n")):
        fields = line.split(b":", 2)  # hierarchy, controllers, path
        if len(fields) == 3:
            order = 0 if fields[0] == b"0" else 1 if fields[1] == b"name=systemd" else number + 2
            yield order, decode(fields[2])


def container(path: str) -> str | None:
    r"""The id or name of the innermost container that a control group belongs to.

    Known are docker (``docker/ID``, ``docker-ID.scope``), containerd (``cri-containerd-ID.scope``,
    ``SLICE:cri-containerd:ID``), podman (``libpod-ID.scope``), CRI-O (``crio-ID.scope``), Kubernetes
    (``kubepods/…/podUID/ID``), ECS, LXC and LXD (``lxc/NAME``, ``lxc.payload.NAME``) and systemd-nspawn
    (``machine-NAME.scope``, ``systemd-nspawn@NAME.service``).
    """
    parts = path.split("/")
    for at in range(len(parts) - 1, -1, -1):
        part = parts[at]
        if part.startswith(_MONITORS):
            return None
        if part == "supervisor" and at and parts[at - 1].startswith((_NSPAWN, _MACHINE)):
            return None
        name = _identifier(part) or _named(parts, at)
        if name:
            return name
    return None


def _identifier(part: str) -> str | None:
    """The id at the end of a group's name: ``ID``, ``docker-ID.scope``, ``SLICE:cri-containerd:ID``."""
    if len(part) < _ID:
        return None
    name = part.removesuffix(".scope")
    tail = name[-_ID:]
    if not _HEX.issuperset(tail):
        return None
    return tail if len(name) == _ID or name[-_ID - 1] in "-:" else None


def _named(parts: list[str], at: int) -> str | None:
    """The name of a container whose group is not called after an id."""
    part = parts[at]
    parent = parts[at - 1] if at else ""
    if parent in ("lxc", "lxc.payload"):
        return part
    if part.startswith("lxc.payload."):
        return part.removeprefix("lxc.payload.")
    if part.startswith(_NSPAWN) and part.endswith(".service"):
        return unescaped(part.removeprefix(_NSPAWN).removesuffix(".service"))
    if part.startswith(_MACHINE) and part.endswith(".scope"):
        name = unescaped(part.removeprefix(_MACHINE).removesuffix(".scope"))
        return None if name.startswith(_VIRTUAL) else name
    if parent and at > 1 and parts[at - 2] == "ecs" and len(part) > 33 and _HEX.issuperset(part[:32]):
        return part if part[32] == "-" and part[33:].isdigit() else None
    return None
