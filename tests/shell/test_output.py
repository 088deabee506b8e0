"""The buffered stream to a descriptor."""

from __future__ import annotations

import os

import pytest

from leadline.shell import output
from leadline.shell.output import Output


@pytest.fixture
def stream(tmp_path):
    descriptor = os.open(tmp_path / "out", os.O_RDWR | os.O_CREAT)
    yield Output(descriptor)
    os.close(descriptor)


def written(stream):
    return os.pread(stream.descriptor, 1 << 24, 0).decode("utf-8", "surrogateescape")


def test_text_waits_until_there_is_much_of_it(stream):
    stream.write("a")
    assert written(stream) == ""
    stream.write("b" * output.FULL)
    assert written(stream) == "a" + "b" * output.FULL


def test_whoever_makes_the_texts_may_write_too(stream):
    def made():
        for number in range(3):
            stream.write(f"[{number}" + "x" * output.FULL)
            yield f"{number}]"

    stream.write_all(made())
    stream.flush()
    assert written(stream).replace("x", "") == "[00][11][22]"


def test_what_came_before_an_exception_is_kept(stream):
    def made():
        yield "before"
        raise ValueError

    with pytest.raises(ValueError):
        stream.write_all(made())
    stream.flush()
    assert written(stream) == "before"


def test_bytes_that_are_not_utf8_come_out_as_they_went_in(stream):
    stream.write(b"\xff\xc3\xa9".decode("utf-8", "surrogateescape"))
    stream.flush()
    assert os.pread(stream.descriptor, 10, 0) == b"\xff\xc3\xa9"
