"""Capabilities against getcap(8), attributes against getfattr(1)."""

from __future__ import annotations

import os
import random
from base64 import b64decode
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from leadline.linux import xattr


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_text("content")
    try:
        os.setxattr(path, "user.test", b"")
        os.removexattr(path, "user.test")
    except OSError:
        pytest.skip("the file system of the tests has no extended attributes")
    return path


def clauses() -> list[str]:
    """Capabilities of many shapes, in words that setcap takes."""
    fixed = [
        "cap_net_raw=ep", "cap_net_raw+p", "=ep", "all=eip cap_chown-i", "=p cap_kill-p", "cap_chown=eip cap_kill=ei",
        "all=i cap_chown+p", "cap_chown=i cap_kill=p cap_net_raw=ip", "cap_checkpoint_restore=p", "=i",
    ]  # fmt: skip
    chosen = random.Random(5)
    for _ in range(30):
        names = chosen.sample(xattr.CAPABILITIES, chosen.randint(1, 12))
        letter = chosen.choice(["", "e"])
        fixed.append(" ".join(f"{name}={letter}{chosen.choice(['p', 'i', 'ip'])}" for name in names))
    return fixed


def test_capabilities_are_spelled_as_getcap_does(file, tool) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may set capabilities")
    for clause in clauses():
        tool("setcap", clause, file)
        [(name, value)] = [one for one in xattr.attributes(str(file)) if one[0] == xattr.CAPABILITY]
        assert xattr.text(name, value) == (tool("getcap", file).strip().partition(" ")[2], False), clause


def test_the_older_and_the_newer_form_of_capabilities_are_read() -> None:
    one = bytes.fromhex("01000001 00200000 00000000")
    assert xattr.capabilities(one) == "cap_net_raw=ep"
    three = bytes.fromhex("01000003 00200000 00000000 00000000 00000000 e8030000")
    assert xattr.capabilities(three) == "cap_net_raw=ep"
    assert xattr.capabilities(bytes.fromhex("00000002 00000000 00000000 00000000 00000000")) == "="
    assert xattr.capabilities(bytes.fromhex("00000002 00000000 00000000 00000080 00000000")) == "63=p"


@pytest.mark.parametrize("blob", ["", "01", "01000001", "01000009 00200000 00000000", "01000002 00200000 00000000"])
def test_other_bytes_are_no_capabilities(blob: str) -> None:
    data = bytes.fromhex(blob)
    assert xattr.capabilities(data) is None
    text, encoded = xattr.text(xattr.CAPABILITY, data)
    assert encoded
    assert b64decode(text) == data.removesuffix(b"\0")


def test_attributes_are_those_that_getfattr_lists(file, tool) -> None:
    os.setxattr(file, "user.b", b"plain")
    os.setxattr(file, "user.a", b"ended\0")
    os.setxattr(file, b"user.\xff\xe9", b"\1\2")
    listed = [line.split("=")[0] for line in tool("getfattr", "-d", "-m", "-", file).splitlines() if "=" in line]
    found = list(xattr.attributes(str(file)))
    assert len(found) == len(listed) == 3
    assert found == [("user.a", b"ended\0"), ("user.b", b"plain"), ("user.\\xFF\\xE9", b"\1\2")]
    link = file.parent / "link"
    link.symlink_to(file)
    assert list(xattr.attributes(str(link))) == found


def test_what_is_missing_or_impossible_has_no_attributes(tmp_path) -> None:
    assert list(xattr.attributes(str(tmp_path / "missing"))) == []
    assert list(xattr.attributes("\0")) == []
    assert list(xattr.attributes("x" * 10_000)) == []


def test_a_value_is_text_only_when_a_nul_ends_it() -> None:
    assert xattr.text("user.a", b"Hello, osquery!\0") == ("Hello, osquery!", False)
    assert xattr.text("user.a", b"Hello") == ("SGVsbG8=", True)
    assert xattr.text("user.a", b"\1\1\1\1") == ("AQEBAQ==", True)
    assert xattr.text("user.a", b"") == ("", True)
    assert xattr.text("user.a", b"\0") == ("", False)
    assert xattr.text("user.a", b"tab\there\0") == ("dGFiCWhlcmU=", True)
    assert xattr.text("user.a", "é\0".encode()) == ("w6k=", True)


@given(st.binary(max_size=40))
@example(bytes.fromhex("ffffff02") + b"\xff" * 16)
@example(bytes.fromhex("01000003") + b"\xff" * 20)
def test_any_capability_blob_is_read_without_an_error(blob: bytes) -> None:
    for data in (blob, b"\1\0\0\1" + blob, b"\0\0\0\2" + blob[:16].ljust(16, b"\xaa"), b"\0\0\0\3" + blob[:20]):
        text, encoded = xattr.text(xattr.CAPABILITY, data)
        assert text.isascii()
        assert not (encoded and xattr.capabilities(data))
