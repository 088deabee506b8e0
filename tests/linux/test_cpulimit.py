"""How many processors a process may use, in trees like those of the kernel."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from leadline.linux import cpulimit

MACHINE = float(len(os.sched_getaffinity(0)))


def tree(root: Path, groups: str, **files: str) -> str:
    """A root with /proc/self/cgroup and files below /sys/fs/cgroup, ``__`` standing for a slash and ``_DOT_`` for a
    dot."""
    for path, content in {"proc/self/cgroup": groups, **{f"sys/fs/cgroup/{k}": v for k, v in files.items()}}.items():
        target = root / path.replace("__", "/").replace("_DOT_", ".").replace("CPUACCT", "cpu,cpuacct")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)
    return str(root)


def test_without_quotas_it_is_the_affinity(tmp_path: Path) -> None:
    assert cpulimit.cores(tree(tmp_path, "0::/\n")) == MACHINE
    assert cpulimit.cores(tree(tmp_path, "0::/a\n", a__cpu_DOT_max="max 100000\n")) == MACHINE
    assert cpulimit.cores(str(tmp_path / "nothing")) == MACHINE


def test_the_smallest_quota_on_the_way_up_counts(tmp_path: Path) -> None:
    root = tree(
        tmp_path, "0::/system.slice/agent.service\n",
        **{"system.slice__cpu_DOT_max": "25000 100000\n", "system.slice__agent.service__cpu_DOT_max": "50000 100000\n"},
    )  # fmt: skip
    assert cpulimit.cores(root) == 0.25


def test_version_one_keeps_quota_and_period_apart(tmp_path: Path) -> None:
    root = tree(
        tmp_path, "3:memory:/x\n2:cpu,cpuacct:/docker/abc\n1:name=systemd:/x\n",
        CPUACCT__docker__abc__cpu_DOT_cfs_quota_us="50000\n", CPUACCT__docker__abc__cpu_DOT_cfs_period_us="100000\n",
    )  # fmt: skip
    assert cpulimit.cores(root) == 0.5
    (tmp_path / "sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us").write_text("-1\n")
    assert cpulimit.cores(root) == MACHINE


def test_a_container_that_sees_its_own_groups_only(tmp_path: Path) -> None:
    assert cpulimit.cores(tree(tmp_path, "0::/../../docker/abc\n", cpu_DOT_max="10000 100000\n")) == 0.1


def test_affinity_counts_as_well() -> None:
    allowed = os.sched_getaffinity(0)
    if len(allowed) < 2:
        pytest.skip("needs two processors")
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert cpulimit.cores() <= 1.0
        assert cpulimit.cores(pid=os.getpid()) <= 1.0
    finally:
        os.sched_setaffinity(0, allowed)
