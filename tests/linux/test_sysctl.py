from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.linux import sysctl


@pytest.fixture
def tree(tmp_path: Path):
    """``tree({"etc/sysctl.conf": "..."})``: a root with these files."""

    def plant(contents: dict[str, str]) -> str:
        for name, content in contents.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return str(tmp_path)

    return plant


def settings(text: str) -> sysctl.Settings:
    found = sysctl.Settings()
    sysctl.parse(text.encode(), found)
    return found


def test_keys_are_written_with_dots_or_slashes() -> None:
    found = settings(
        "# a comment\n; another\n\nkernel.a=1\nkernel/b = 2\n-kernel.c =3 4\t5\n"
        "net.ipv4.conf.eth0/10.forwarding = 1\nnet/ipv4/conf/eth0.11/forwarding = 0\n"
        "/proc/sys/vm/x = =y=\nnonsense\n= 5\n"
    )
    assert found.exact == {
        "kernel/a": "1",
        "kernel/b": "2",
        "kernel/c": "3 4\t5",
        "net/ipv4/conf/eth0.10/forwarding": "1",
        "net/ipv4/conf/eth0.11/forwarding": "0",
        "vm/x": "=y=",
    }


def test_patterns_without_measure_are_left_out() -> None:
    found = settings(
        "a.*=1\n" + "".join(f"a.{'[' * 1000}{number}=2\na.{'[' * 200}{number}=3\n" for number in range(5000))
    )
    assert len(found.patterns) == 200
    assert [found.value(f"a/{number}") for number in range(500)] == ["1"] * 500


def test_patterns_give_way_to_exact_settings_and_exceptions() -> None:
    found = settings(
        "net.ipv4.conf.*.rp_filter = 2\n-net.ipv4.conf.hub0.rp_filter\nnet.ipv4.conf.eth0.rp_filter = 1\n"
        "net.ipv4.*.rp_filter = 9\n"
    )
    assert found.value("net/ipv4/conf/eth0/rp_filter") == "1"
    assert found.value("net/ipv4/conf/hub0/rp_filter") is None
    assert found.value("net/ipv4/conf/lo/rp_filter") == "2"
    assert found.value("net/ipv4/conf/rp_filter") == "9"
    assert found.value("net/ipv4/conf/a/b/rp_filter") is None


def test_directories_mask_each_other_and_the_file_comes_last(tree) -> None:
    root = tree(
        {
            "usr/lib/sysctl.d/10-a.conf": "kernel.a=vendor\nkernel.b=vendor\nkernel.x=vendor\n",
            "usr/lib/sysctl.d/20-b.conf": "kernel.b=masked\n",
            "usr/local/lib/sysctl.d/30-c.conf": "kernel.c=local\n",
            "run/sysctl.d/20-b.conf": "kernel.b=run\n",
            "etc/sysctl.d/30-c.conf": "kernel.c=etc\n",
            "etc/sysctl.d/05-x.conf": "kernel.x=early\n",
            "etc/sysctl.d/README": "kernel.a=no\n",
            "etc/sysctl.conf": "kernel.z=last\n",
        }
    )
    os.symlink("usr/lib", f"{root}/lib")
    os.symlink("/dev/null", f"{root}/etc/sysctl.d/40-d.conf")
    assert sysctl.settings(root).exact == {
        "kernel/x": "vendor",
        "kernel/a": "vendor",
        "kernel/b": "run",
        "kernel/c": "etc",
        "kernel/z": "last",
    }


def test_parameters_are_walked_where_they_are_wanted(tree) -> None:
    root = tree(
        {"proc/sys/kernel/b": "1\n", "proc/sys/kernel/a": "x y\n\n", "proc/sys/vm/deep/c": "2", "proc/sys/d": ""}
    )
    os.symlink("/etc", f"{root}/proc/sys/vm/link")
    os.chmod(f"{root}/proc/sys/kernel/b", 0o200)
    assert list(sysctl.parameters(root, lambda path: True)) == [
        ("d", True),
        ("kernel/a", True),
        ("kernel/b", False),
        ("vm/deep/c", True),
    ]
    asked: list[str] = []
    assert not list(sysctl.parameters(root, lambda path: bool(asked.append(path))))
    assert asked == ["d", "kernel/", "vm/"]
    assert sysctl.value(root, "kernel/a") == "x y"
    assert sysctl.value(root, "kernel/none") is None


@given(st.binary(max_size=300) | st.text(st.sampled_from("ab*?[]-=./#; \n\\\0"), max_size=200).map(str.encode))
def test_any_file_of_settings_is_taken(data: bytes) -> None:
    found = sysctl.Settings()
    sysctl.parse(data, found)
    for path in ("a/b", "a", "", "a/b/a"):
        value = found.value(path)
        assert value is None or value.encode() is not None
