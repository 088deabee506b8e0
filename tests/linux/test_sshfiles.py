"""Lines of OpenSSH's text files that are not plain."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leadline.linux import sshfiles

PARTS = [b"ssh-rsa", b" ", b"\t", b'"', b"\\", b",", b"command=", b"AAAA", b"#", b"\n", b"\xff", b"\0", b"ssh-ed25519 "]


@pytest.fixture
def keys(tmp_path: Path):  # type: ignore[no-untyped-def]
    """The keys in a file of these lines, as (algorithm, key, options, comment)."""

    def read(text: bytes) -> list[tuple[str, str, str, str]]:
        (tmp_path / "keys").write_bytes(text)
        found = sshfiles.authorized_keys(str(tmp_path), "/keys")
        return [(key.algorithm, key.key, key.options, key.comment) for key in found]

    return read


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"ssh-rsa AAAA cod@sea", ("ssh-rsa", "AAAA", "", "cod@sea")),
        (b"ssh-ed25519\tAAAA", ("ssh-ed25519", "AAAA", "", "")),
        (b"  ssh-rsa  AAAA   two words  ", ("ssh-rsa", "AAAA", "", "two words")),
        (b"no-pty,from=\"10.*\" ssh-dss AAAA", ("ssh-dss", "AAAA", 'no-pty,from="10.*"', "")),
        (b'command="echo ssh-rsa BBBB" ssh-rsa AAAA x', ("ssh-rsa", "AAAA", 'command="echo ssh-rsa BBBB"', "x")),
        (b'command="say \\"ssh-rsa B\\"" ssh-rsa AAAA', ("ssh-rsa", "AAAA", 'command="say \\"ssh-rsa B\\""', "")),
        (b"no-pty ssh-rsa-cert-v01@openssh.com AA", ("ssh-rsa-cert-v01@openssh.com", "AA", "no-pty", "")),
        (b"sk-ssh-ed25519@openssh.com AAAA", ("sk-ssh-ed25519@openssh.com", "AAAA", "", "")),
        (b'zos-key-ring-label="KEYRING/label"', ("", "", 'zos-key-ring-label="KEYRING/label"', "")),
        (b"ssh-rsa AAAA \xff", ("ssh-rsa", "AAAA", "", "\\xFF")),
    ],
)  # fmt: skip
def test_a_line_with_a_key(keys, line: bytes, expected: tuple[str, str, str, str]) -> None:  # type: ignore[no-untyped-def]
    assert keys(b"# ssh-rsa remark\n\n" + line + b"\r\n") == [expected]


@pytest.mark.parametrize(
    "line", [b"1024 35 123456789 old", b"ssh-rsa", b"nothing", b'from="unclosed ssh-rsa AAAA', b"ssh-rsaX AAAA", b"#"]
)
def test_a_line_without_a_key_gives_nothing(keys, line: bytes) -> None:  # type: ignore[no-untyped-def]
    assert keys(line) == []


def test_a_line_of_quotes_is_read_in_no_time(keys) -> None:  # type: ignore[no-untyped-def]
    start = perf_counter()
    assert keys(b'"' * (1 << 18) + b"\n" + b'"a b"' * (1 << 18) + b"\n" + b'\\"' * (1 << 17)) == []
    assert perf_counter() - start < 5


@settings(deadline=None)
@given(st.lists(st.one_of(st.sampled_from(PARTS), st.binary(max_size=4)), max_size=40))
@example([b"="])
@example(["\xa0".encode()])
def test_any_text_is_read(tmp_path_factory: pytest.TempPathFactory, parts: list[bytes]) -> None:
    path = tmp_path_factory.getbasetemp() / "ssh"
    path.write_bytes(b"".join(parts))
    for key in sshfiles.authorized_keys("", str(path)):
        assert "\0" not in key.algorithm
    for block, option in sshfiles.config("", str(path)):
        assert block == block.lower()
        assert option
    assert all(sshfiles.known_hosts("", str(path)))
