"""The prometheus_metrics table, asking targets on this machine."""

from __future__ import annotations

import socket

import pytest

METRICS = b"""\
# HELP http_requests_total Requests.
# TYPE http_requests_total counter
http_requests_total{method="post",path="/a b"} 1027 1395066363000
up 1
nothing NaN
broken
"""


@pytest.fixture
def scraped(answer, program):
    """``scraped({"urls": [...]})``: rows and warnings with this section in the configuration."""

    def run(section: object, root: str = ""):
        warnings: list[str] = []
        runtime = program({} if section is None else {"prometheus_targets": section})
        said = lambda _, message: warnings.append(message)  # noqa: E731
        rows = answer("SELECT * FROM prometheus_metrics", root, runtime=runtime, warn=said, clock=lambda: 1.7e9)
        return rows, warnings

    return run


def test_the_samples_of_a_target(scraped, serving) -> None:
    port, requests = serving({"/metrics": (200, {}, METRICS)})
    target = f"http://127.0.0.1:{port}/metrics"
    assert scraped({"urls": [target], "timeout": 2}) == (
        [
            (target, 'http_requests_total{method="post",path="/a b"}', 1027.0, 1395066363000),
            (target, "up", 1.0, 1_700_000_000_000),
            (target, "nothing", None, 1_700_000_000_000),
        ],
        [],
    )
    assert len(requests) == 1


def test_a_target_that_does_not_answer_costs_no_other(scraped, serving) -> None:
    port, _ = serving({"/": (302, {"Location": "/metrics"}, b""), "/metrics": (200, {}, b"up 1\n")})
    with socket.create_server(("127.0.0.1", 0)) as free:
        closed = f"http://127.0.0.1:{free.getsockname()[1]}/"
    here = f"http://127.0.0.1:{port}/"
    rows, warnings = scraped({"urls": [here, closed, 7, here]})
    assert rows == [(here, "up", 1.0, 1_700_000_000_000)]
    assert len(warnings) == 1
    assert closed in warnings[0]


def test_without_targets_there_is_nothing(scraped, answer) -> None:
    assert scraped(None) == ([], [])
    assert answer("SELECT * FROM prometheus_metrics") == []
    assert scraped({}) == ([], ["prometheus_targets in the configuration has no list of urls"])
    assert scraped({"urls": []}) == ([], [])


@pytest.mark.parametrize("timeout", [0, -1, True, 1e9])
def test_a_timeout_that_is_none_is_not_taken(scraped, serving, timeout: object) -> None:
    port, _ = serving({"/": (200, {}, b"up 1\n")})
    rows, warnings = scraped({"urls": [f"http://127.0.0.1:{port}/"], "timeout": timeout})
    assert len(rows) == 1
    assert "no number of seconds" in warnings[0]


@pytest.mark.parametrize("timeout", ["5", None])
def test_a_timeout_that_is_no_number_is_left_out_with_the_configuration(scraped, serving, timeout: object) -> None:
    port, _ = serving({"/": (200, {}, b"up 1\n")})
    rows, warnings = scraped({"urls": [f"http://127.0.0.1:{port}/"], "timeout": timeout})
    assert len(rows) == 1
    assert warnings == []


def test_under_another_root_nothing_is_asked(scraped, serving, tmp_path) -> None:
    port, requests = serving({})
    rows, warnings = scraped({"urls": [f"http://127.0.0.1:{port}/"]}, str(tmp_path))
    assert (rows, len(warnings)) == ([], 1)
    assert requests == []
