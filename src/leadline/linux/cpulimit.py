"""How many processors a process may really use: its affinity, and the quotas of its control groups (cgroups(7)).

Version 2 keeps quota and period in cpu.max, version 1 in cpu.cfs_quota_us and cpu.cfs_period_us. A group is limited by
those above it as well, so the smallest quota on the way up counts.
https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files
"""

from __future__ import annotations

import os

from leadline.linux import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

MOUNTS = ("/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup/cpu")


def cores(root: str = "", pid: int | str = "self") -> float:
    """Processors that a process may keep busy: 0.5 under a quota of half a processor; never 0."""
    data = files.record(f"{root}/proc/{pid}/cgroup") or b""
    quotas = [quota for path in groups(data) for quota in limits(root, path)]
    return min([float(allowed(pid)), *quotas])


def allowed(pid: int | str) -> int:
    """Processors of the affinity mask; of the machine when that cannot be told."""
    try:
        return len(os.sched_getaffinity(0 if pid == "self" else int(pid)))
    except (AttributeError, OSError):
        return os.cpu_count() or 1


def groups(data: bytes) -> Iterator[str]:
    """The paths in /proc/PID/cgroup of the hierarchies that can limit processors."""
    for line in data.split(b"\n"):
        fields = line.split(b":", 2)
        if len(fields) == 3 and (not fields[1] or b"cpu" in fields[1].split(b",")):
            yield os.fsdecode(fields[2])


def limits(root: str, path: str) -> Iterator[float]:
    """The quotas of a group and of those above it, in processors.

    Inside a container the path may be one of the machine and the mount show the container's own groups, which is why
    the mount's top is looked at in any case.
    """
    parts = [part for part in path.split("/") if part not in ("", "..")]
    for mount in MOUNTS:
        for depth in range(len(parts), -1, -1):
            quota = of(f"{root}{'/'.join((mount, *parts[:depth]))}")
            if quota is not None:
                yield quota


def of(group: str) -> float | None:
    """The quota of one group's directory; None when it has none."""
    fields = (files.record(f"{group}/cpu.max") or b"").split()
    if not fields:
        fields = [files.record(f"{group}/cpu.cfs_{name}_us") or b"" for name in ("quota", "period")]
    try:
        quota, period = (int(field) for field in fields)
    except ValueError:  # "max", or no such file
        return None
    return quota / period if quota > 0 and period > 0 else None
