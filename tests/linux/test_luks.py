"""Headers that cryptsetup makes, against its own luksDump."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.linux import luks
from leadline.linux.disk import Disk

Container = Callable[..., bytes]


@pytest.fixture
def container(tool, tmp_path: Path) -> Container:
    """``container("luks2", "--cipher", ...)``: the first 20 MiB of a container that was just made."""

    def make(version: str, *options: str) -> bytes:
        path, key = tmp_path / "container", tmp_path / "key"
        with path.open("wb") as file:
            file.truncate(20 << 20)
        key.write_text("not much of a secret")
        tool("cryptsetup", "luksFormat", "-q", "--type", version, "--pbkdf", "pbkdf2", "--pbkdf-force-iterations",
             "1000", *options, path, key)  # fmt: skip
        return path.read_bytes()

    return make


def of(data: bytes) -> Disk:
    return Disk(lambda place, length: data[place : place + length], len(data))


def read(data: bytes) -> tuple[str | None, ...] | None:
    found = luks.header(of(data))
    return found and (found.type, found.cipher, found.mode, found.hash, found.label)


def test_the_first_version_names_its_cipher_in_the_header(container, tool, tmp_path) -> None:
    data = container("luks1", "--cipher", "aes-cbc-essiv:sha256", "--hash", "sha1")
    assert read(data) == ("LUKS1", "aes", "cbc-essiv:sha256", "sha1", None)
    found = luks.header(of(data))
    assert found
    assert tool("cryptsetup", "luksUUID", tmp_path / "container").strip() == found.uuid


def test_the_second_version_names_its_cipher_in_json(container, tool, tmp_path) -> None:
    data = container("luks2", "--label", "vault", "--hash", "sha512")
    assert read(data) == ("LUKS2", "aes", "xts-plain64", "sha512", "vault")
    dump = tool("cryptsetup", "luksDump", tmp_path / "container")
    assert "cipher: aes-xts-plain64" in dump
    found = luks.header(of(data))
    assert found
    assert f"UUID:          \t{found.uuid}\n" in dump


def test_the_second_header_stands_in_for_a_damaged_first_one(container) -> None:
    data = container("luks2")
    whole = read(data)
    assert read(bytes(4096) + data[4096:]) == whole
    assert read(data[:4096] + b"{" * 4096 + data[8192:]) == whole
    assert read(bytes(0x4000) + data[0x4000:]) == whole


def test_what_is_no_container_has_no_header() -> None:
    assert read(b"") is None
    assert read(bytes(1 << 20)) is None
    assert read(b"LUKS\xba\xbe\0\x03" + bytes(1 << 20)) is None


def second(area: bytes, size: int = 0x4000) -> bytes:
    head = b"LUKS\xba\xbe\0\x02" + size.to_bytes(8, "big") + bytes(152) + b"an-uuid"
    return head.ljust(4096, b"\0") + area.ljust(size - 4096, b"\0")


@pytest.mark.parametrize(
    "area",
    [
        b"", b"nonsense", b"[" * 12_000, b"null", b"[]", b'{"segments": 3}', b'{"segments": {"0": 3}}',
        b'{"segments": {"0": {"type": "crypt", "encryption": 12}}}', b'{"segments": {"0": {"type": "crypt"}}}',
        b'{"segments": {"0": {"type": "crypt", "encryption": ""}}, "digests": []}', b'{"a": ' + b"9" * 9000 + b"}",
        b"\xff\xfe\xfa", json.dumps({"segments": {"0": {"type": "crypt", "encryption": "a" * 300}}}).encode(),
    ],
)  # fmt: skip
def test_json_of_any_shape_leaves_the_cipher_unknown(area: bytes) -> None:
    assert read(second(area)) == ("LUKS2", None, None, None, None)


def test_half_a_character_in_json_does_not_reach_a_row() -> None:
    area = rb'{"segments": {"0": {"type": "crypt", "encryption": "\ud800-xts"}}}'
    assert read(second(area)) == ("LUKS2", "?", "xts", None, None)


def test_the_first_encrypted_segment_counts() -> None:
    area = {
        "segments": {
            "10": {"type": "crypt", "encryption": "twofish-xts-plain64"},
            "2": {"type": "crypt", "encryption": "serpent-xts-plain64"},
            "1": {"type": "linear"},
        }
    }
    assert read(second(json.dumps(area).encode())) == ("LUKS2", "serpent", "xts-plain64", None, None)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 1 << 64), st.booleans(), st.binary(max_size=400))
def test_any_header_is_read_without_an_error(noise: bytes, size: int, swapped: bool, area: bytes) -> None:
    head = (b"SKUL" if swapped else b"LUKS") + b"\xba\xbe\0\x02" + (size & (1 << 64) - 1).to_bytes(8, "big") + noise
    data = bytes(0x4000) * swapped + head.ljust(4096, b"\0") + area
    found = luks.header(of(data.ljust(0x9000, b"\0")))
    assert found is None or found.type == "LUKS2"
    luks.header(of(b"LUKS\xba\xbe\0\x01" + noise))


@settings(max_examples=200, deadline=None)
@given(st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3)
       | st.dictionaries(st.sampled_from(["segments", "digests", "0", "type", "encryption", "hash"]), inner,
                         max_size=4)))  # fmt: skip
def test_any_json_is_read_without_an_error(value) -> None:
    found = read(second(json.dumps(value).encode()))
    assert found
    assert found[0] == "LUKS2"
