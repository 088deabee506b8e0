from __future__ import annotations

import struct

import pytest

from leadline.linux import rpmheader
from leadline.linux.rpmheader import Header

INT16, INT32, INT64, STRING, STRING_ARRAY, I18N = 3, 4, 5, 6, 8, 9
WIDTHS = {INT16: "H", INT32: "I", INT64: "Q"}


def built(*entries: tuple[int, int, list[int] | list[str]]) -> bytes:
    """A header with these tags, types and values, as the format says."""
    index, data = b"", b""
    for tag, kind, values in entries:
        width = struct.calcsize(WIDTHS.get(kind, "b"))
        data += bytes(-len(data) % width)
        index += struct.pack(">IIII", tag, kind, len(data), len(values))
        for value in values:
            data += struct.pack(f">{WIDTHS[kind]}", value) if kind in WIDTHS else str(value).encode() + b"\0"
    return struct.pack(">II", len(entries), len(data)) + index + data


def test_texts_and_numbers() -> None:
    header = Header(built((1000, STRING, ["x"]), (1003, INT32, [7]), (5009, INT64, [5 << 32])))
    assert header.text(rpmheader.NAME) == "x"
    assert header.number(rpmheader.EPOCH) == 7
    assert header.number(rpmheader.LONG_SIZE) == 5 << 32
    assert header.text(rpmheader.VENDOR) is None
    assert header.number(rpmheader.SIZE) is None


def test_of_a_translated_text_the_untranslated_is_taken() -> None:
    header = Header(built((1016, I18N, ["Amusements", "Vergnügen"])))
    assert header.text(rpmheader.GROUP) == "Amusements"


def test_values_of_another_type_are_none() -> None:
    header = Header(built((1000, INT32, [1]), (1003, STRING, ["7"])))
    assert header.text(rpmheader.NAME) is None
    assert header.number(rpmheader.EPOCH) is None


def test_what_the_installation_added_is_right() -> None:
    assert Header(built((1008, INT32, [1]), (1008, INT32, [2]))).number(rpmheader.INSTALL_TIME) == 2


def test_packages_of_old_have_whole_paths() -> None:
    header = Header(built((1027, STRING_ARRAY, ["/bin/a", "/bin/b"]), (1028, INT32, [1, 2])))
    assert list(header.files()) == [("/bin/a", None, None, None, 1, None), ("/bin/b", None, None, None, 2, None)]


def test_files_of_four_gibibytes_and_more() -> None:
    paths = ((1116, INT32, [0]), (1117, STRING_ARRAY, ["big"]), (1118, STRING_ARRAY, ["/srv/"]))
    header = Header(built(*paths, (1028, INT32, [1]), (5008, INT64, [6 << 32])))
    assert [(path, size) for path, _, _, _, size, _ in header.files()] == [("/srv/big", 6 << 32)]


def test_files_without_all_their_values_have_what_there_is() -> None:
    header = Header(
        built(
            (1116, INT32, [0, 9, 0]),
            (1117, STRING_ARRAY, ["a", "b", "c"]),
            (1118, STRING_ARRAY, ["/x/"]),
            (1030, INT16, [0o100644]),
            (5011, INT32, [8]),
            (1035, STRING_ARRAY, ["", "lost", "d1"]),
        )
    )
    assert list(header.files()) == [
        ("/x/a", None, None, 0o100644, None, ""),
        ("/x/c", None, None, None, None, "d1"),
    ]


@pytest.mark.parametrize("blob", [b"", bytes(8), b"\0\0\0\1", struct.pack(">II", 2, 0) + bytes(16)])
def test_bytes_that_are_no_header_are_refused(blob: bytes) -> None:
    with pytest.raises(ValueError, match="entries"):
        Header(blob)


def test_numbers_that_reach_beyond_the_end_are_none() -> None:
    blob = bytearray(built((1028, INT32, [1])))
    blob[8 + 12 : 8 + 16] = (1 << 31).to_bytes(4, "big")
    assert Header(bytes(blob)).numbers(1028) == ()
    assert Header(bytes(blob)).texts(1028) == []
