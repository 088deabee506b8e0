"""Samples in Prometheus' text format."""

from __future__ import annotations

from math import inf
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.linux import exposition


def samples(text: bytes) -> list[tuple[str, float | None, int | None]]:
    return [(sample.name, sample.value, sample.time) for sample in exposition.samples(text)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"up 1", ("up", 1.0, None)),
        (b"  up\t 1.5e3  ", ("up", 1500.0, None)),
        (b"http_requests_total{method=\"post\",code=\"200\"} 1027 1395066363000",
         ('http_requests_total{method="post",code="200"}', 1027.0, 1395066363000)),
        (b'a{path="C:\\\\DIR\\\\FILE.TXT",error="Cannot find:\\n\\"it\\" } x"} 1.4',
         ('a{path="C:\\\\DIR\\\\FILE.TXT",error="Cannot find:\\n\\"it\\" } x"}', 1.4, None)),
        (b"metric_without_timestamp_and_labels 12.47", ("metric_without_timestamp_and_labels", 12.47, None)),
        (b'something_weird{problem="division by zero"} +Inf -3982045',
         ('something_weird{problem="division by zero"}', inf, -3982045)),
        (b"nothing NaN", ("nothing", None, None)),
        (b"spaced {a=\"b\"} 2", ('spaced {a="b"}', 2.0, None)),
        (b"empty{} 0", ("empty{}", 0.0, None)),
        (b"exemplar_total 17 # {trace_id=\"x\"} 0.5", ("exemplar_total", 17.0, None)),
        (b"wide{a=\"\xff\"} 1", ('wide{a="\\xFF"}', 1.0, None)),
        (b"soon 1 99999999999999999999", ("soon", 1.0, None)),
    ],
)  # fmt: skip
def test_a_sample(line: bytes, expected: tuple[str, float | None, int | None]) -> None:
    text = b"# HELP up Whether it is.\n# TYPE up gauge\n\n" + line + b"\nlast 9\n"
    assert samples(text) == [expected, ("last", 9.0, None)]


@pytest.mark.parametrize("line", [b"up", b"up one", b"{", b'a{b="c 1', b'a{b="c" 1', b"<html> </html>", b"up 1e99999x"])
def test_a_line_that_is_none_is_passed_over(line: bytes) -> None:
    assert samples(line + b"\nlast 9") == [("last", 9.0, None)]


def test_lines_that_are_too_long_and_too_many_braces_cost_little() -> None:
    start = perf_counter()
    assert samples(
        b"x" * (1 << 22)
        + b" 1\n"
        + b"a{"
        + b'"\\"' * 30_000
        + b"\n"
        + b"{" * 60_000
        + b"\n"
        + b"a{"
        + b'"x"=' * 15_000
        + b"\nlast 9"
    ) == [("last", 9.0, None)]
    assert perf_counter() - start < 1


PARTS = [b"a", b"{", b"}", b'"', b"\\", b" ", b"=", b"1", b"\n", b"#", b"\xff", b"e", b"_", b"inf"]


@settings(deadline=None)
@given(st.lists(st.one_of(st.sampled_from(PARTS), st.binary(max_size=3))))
def test_any_text_has_samples_or_none(parts: list[bytes]) -> None:
    for sample in exposition.samples(b"".join(parts)):
        assert sample.name
        assert sample.value is None or isinstance(sample.value, float)
