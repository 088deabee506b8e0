"""Addresses of the web and of TLS servers, whatever somebody has typed."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leadline.linux import tlspeer, web


@settings(deadline=None)
@given(
    st.one_of(st.text(), st.text("http://s[]:@%/?#.0123456789a \r\n\té", max_size=40).map(lambda one: f"http://a{one}"))
)
@example("http://a/\r\nX: y")
@example("http://a/%0d%0a?b c#d")
@example("http://ex\u00e4mple.example:80/\u00fc?\u00fc")
def test_any_address_makes_one_line_of_a_request_or_none(address: str) -> None:
    with suppress(ValueError):
        request = web.request(web.split(address), "agent")
        head, *lines = request.decode().split("\r\n")
        assert head.startswith("GET /")
        assert head.endswith(" HTTP/1.1")
        assert head.count(" ") == 2
        assert [line.partition(":")[0] for line in lines] == ["Host", "User-Agent", "Accept", "Connection", "", ""]


@pytest.mark.parametrize(
    ("address", "host", "target"),
    [
        ("http://sea.example", "sea.example", "/"),
        ("http://sea.example:80/a b", "sea.example", "/a%20b"),
        ("https://sea.example:443/?q=ü", "sea.example", "/?q=%C3%BC"),
        ("https://sea.example:80/a%2Fb?c#d", "sea.example:80", "/a%2Fb?c"),
        ("http://[2001:db8::1]:8080/", "[2001:db8::1]:8080", "/"),
        ("http://user:word@meer.example/", "meer.example", "/"),
        ("http://küste.example/", "xn--kste-0ra.example", "/"),
    ],
)
def test_host_and_target_of_a_request(address: str, host: str, target: str) -> None:
    lines = web.request(web.split(address), "agent").split(b"\r\n")
    assert lines[:2] == [f"GET {target} HTTP/1.1".encode(), f"Host: {host}".encode()]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("sea.example", ("sea.example", 443)),
        ("sea.example:", ("sea.example", 443)),
        ("sea.example:8443", ("sea.example", 8443)),
        ("192.0.2.1:1", ("192.0.2.1", 1)),
        ("2001:db8::1", ("2001:db8::1", 443)),
        ("[2001:db8::1]", ("2001:db8::1", 443)),
        ("[fe80::1%eth0]:8443", ("fe80::1%eth0", 8443)),
    ],
)
def test_host_and_port_of_a_server(target: str, expected: tuple[str, int]) -> None:
    assert tlspeer.split(target) == expected


@settings(deadline=None)
@given(st.one_of(st.text(), st.text("[]:0123456789abc%. \0é")))
def test_any_target_is_a_host_and_a_port_or_none(target: str) -> None:
    with suppress(ValueError):
        host, port = tlspeer.split(target)
        assert host
        assert 0 < port < 65536
