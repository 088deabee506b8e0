"""Memory of processes."""

from __future__ import annotations

import ctypes
import os

import pytest

from leadline.linux import memory


@pytest.fixture
def own() -> int:
    try:
        os.close(os.open("/proc/self/mem", os.O_RDONLY))
    except OSError:
        pytest.skip("no right to read even the own memory")
    return os.getpid()


def found(pid: int, address: int, length: int, size: int) -> bytes | None:
    """The bytes at an address, from the windows."""
    for data, places in memory.windows(pid, size):
        for number, (offset, start) in enumerate(places):
            end = places[number + 1][0] if number + 1 < len(places) else len(data)
            if start <= address < start + end - offset:
                return data[offset + address - start :][:length]
    return None


@pytest.mark.parametrize("size", [1, 8 << 20, 64 << 20])
def test_what_is_held_is_found_at_its_address(own: int, size: int) -> None:
    held = ctypes.create_string_buffer(b"what is held", 5 << 20)
    assert found(own, ctypes.addressof(held), 12, size) == b"what is held"


def test_windows_are_about_as_large_as_asked(own: int) -> None:
    sizes = [len(data) for data, _ in memory.windows(own, 8 << 20)]
    assert max(sizes) <= 12 << 20


def test_there_is_no_such_process() -> None:
    with pytest.raises(OSError, match="No such"):
        list(memory.windows(99_999_999, 1))
