"""Files of /proc as an image may hold them: whatever is in them is read without an error."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from leadline.linux import keyrings, modules, sharedmemory
from leadline.linux.text import integer

HEADER = b"key shmid perms size cpid lpid nattch uid gid cuid cgid atime dtime ctime\n"
FIELD = st.sampled_from([b"0", b"-1", b"7777", b"9" * 30, b"abc", b"0a1b2c3d", b"\xff", b"\xc2\xb2", b"1600"])
LINES = st.lists(st.lists(FIELD, max_size=16).map(b" ".join), max_size=5).map(b"\n".join) | st.binary(max_size=200)


@given(LINES)
@example(b"\xc2\xb2 \xc2\xb2 1 - Live 0x0")
@example(b"0a1b2c3d I 1 perm 3f \xc2\xb2 -1 user \xff")
def test_any_file_is_read_without_an_error(data: bytes) -> None:
    for module in modules.parse(data):
        assert module.name.encode() is not None
    for key in keyrings.parse(data):
        assert key.description.encode() is not None
    for header in (HEADER, b""):
        for segment in sharedmemory.parse(header + data):
            assert 0 <= segment.size < 1 << 63


@given(st.binary(max_size=25) | st.text(max_size=25))
@example(b"9223372036854775807")
@example(b"9223372036854775808")
@example("²")
@example("٣")
def test_a_number_is_what_a_column_holds_or_none(field: bytes | str) -> None:
    number = integer(field)
    assert number is None or 0 <= number < 1 << 63
