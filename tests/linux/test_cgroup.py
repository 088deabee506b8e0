"""Lines as engines write them; ids are made up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.linux import cgroup

ID = "4f5e9a1c0b7d4e2f8a6b3c9d1e0f7a5b4c8d2e6f1a3b5c7d9e0f2a4b6c8d0e1f"
OTHER = "a" * 64
POD = "pod2c48913c-b29f-11e7-9350-020968147796"
SLICE = "kubepods-burstable-pod2c48913c_b29f_11e7_9350_020968147796.slice"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (f"/docker/{ID}", ID),
        (f"/system.slice/docker-{ID}.scope", ID),
        (f"/docker/{ID}/init.scope", ID),
        (f"/docker/{OTHER}/docker/{ID}", ID),
        (f"/user.slice/user-1000.slice/user@1000.service/user.slice/docker-{ID}.scope", ID),
        (f"/kubepods/burstable/{POD}/{ID}", ID),
        (f"/kubepods.slice/kubepods-burstable.slice/{SLICE}/cri-containerd-{ID}.scope", ID),
        (f"/kubepods.slice/kubepods-burstable.slice/{SLICE}/docker-{ID}.scope", ID),
        (f"/kubepods.slice/kubepods-burstable.slice/{SLICE}/crio-{ID}.scope", ID),
        (f"/kubepods.slice/kubepods-burstable.slice/{SLICE}/crio-{ID}.scope/container", ID),
        (f"/system.slice/containerd.service/{SLICE}:cri-containerd:{ID}", ID),
        (f"/k8s.io/{ID}", ID),
        (f"/system.slice/nerdctl-{ID}.scope", ID),
        (f"/machine.slice/libpod-{ID}.scope", ID),
        (f"/machine.slice/libpod-{ID}.scope/container", ID),
        (f"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{ID}.scope/container", ID),
        (f"/libpod_parent/libpod-{ID}", ID),
        (f"/system.slice/web.service/libpod-payload-{ID}", ID),
        (f"/ecs/cluster/0123456789abcdef0123456789abcdef/{ID}", ID),
        ("/ecs/0123456789abcdef0123456789abcdef/0123456789abcdef0123456789abcdef-2532680951",
         "0123456789abcdef0123456789abcdef-2532680951"),
        (f"/../../{ID}", ID),
        ("/lxc/web1", "web1"),
        ("/lxc/web1/system.slice/cron.service", "web1"),
        ("/lxc.payload.web1", "web1"),
        ("/lxc.payload.web1/init.scope", "web1"),
        ("/lxc.payload/web1", "web1"),
        ("/machine.slice/machine-web\\x2d1.scope", "web-1"),
        ("/machine.slice/machine-web.scope/payload/system.slice/cron.service", "web"),
        ("/machine.slice/systemd-nspawn@debian.service/payload/init.scope", "debian"),
    ],
)  # fmt: skip
def test_paths_of_containers(path: str, name: str) -> None:
    assert cgroup.container(path) == name


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "",
        "/init.scope",
        "/system.slice/docker.service",
        "/system.slice/containerd.service",
        "/user.slice/user-1000.slice/session-3.scope",
        f"/kubepods/burstable/{POD}",
        f"/machine.slice/libpod-conmon-{ID}.scope",
        f"/kubepods.slice/{SLICE}/crio-conmon-{ID}.scope",
        "/lxc.monitor.web1",
        "/machine.slice/systemd-nspawn@debian.service/supervisor",
        "/machine.slice/machine-qemu\\x2d1\\x2ddebian.scope",
        f"/x{ID}",
        f"/{ID[:63]}g",
        "/lxc",
        "/ecs/a/b",
    ],
)
def test_paths_of_the_host(path: str) -> None:
    assert cgroup.container(path) is None


def test_of_many_hierarchies_the_one_with_the_container_is_told() -> None:
    lines = f"12:pids:/\n5:memory:/docker/{ID}\n1:name=systemd:/docker/{ID}\n0::/system.slice/docker.service\n"
    assert cgroup.found(lines.encode()) == (f"/docker/{ID}", ID)
    assert cgroup.found(b"9:name=systemd:/\n4:memory:/jobs/a:b\n0::/\n") == ("/jobs/a:b", None)
    assert cgroup.found(b"0::/\n") == ("/", None)
    assert cgroup.found(b"2:cpu:/a\n1:name=systemd:/b\n0::/c\n") == ("/c", None)
    assert cgroup.found(b"") == (None, None)


def test_bytes_that_are_no_text_are_escaped() -> None:
    assert cgroup.container("/machine.slice/machine-a\\xffb\\xzz\\x.scope") == "a\\xFFb\\xzz\\x"
    assert cgroup.found(b"0::/lxc/\xff\n") == ("/lxc/\\xFF", "\\xFF")


PIECES = st.lists(st.sampled_from([b":", b"/", b"\n", b"0", b"lxc", b"machine-", b".scope", b"\\x", ID.encode(), b"-",
                                   b"supervisor", b"ecs", b"\xff", b"\0"]), max_size=30)  # fmt: skip


@given(st.binary(max_size=300) | PIECES.map(b"".join))
def test_any_bytes_are_taken(data: bytes) -> None:
    path, name = cgroup.found(data)
    (path or "").encode()
    assert name is None or path is not None
