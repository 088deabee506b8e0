"""One HTTP answer over an open connection; test_unixhttp.py has what daemons do with it."""

from __future__ import annotations

import socket
import threading
from time import monotonic, sleep

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.linux import http1
from leadline.linux.http1 import Reply

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def reply(answer: bytes, **bounds: float) -> Reply:
    """What is made of an answer that is there in full."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(answer)
        theirs.shutdown(socket.SHUT_WR)
        done = http1.exchange(ours, REQUEST, seconds=bounds.get("seconds", 2), limit=int(bounds.get("limit", 1 << 20)))
        assert theirs.recv(1000) == REQUEST
    return done


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbodymore",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nb\r\n3;x=y\r\nody\r\n0\r\nTrailer: x\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\nbody",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nbody",
    ],
)
def test_a_body_ends_in_several_ways(answer: bytes) -> None:
    done = reply(answer)
    assert (done.status, done.body) == (200, b"body")


def test_a_redirect_is_an_answer() -> None:
    assert reply(b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n").status == 302


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 two hundred\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000,
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nbody",
    ],
)
def test_what_is_no_answer_is_an_error(answer: bytes) -> None:
    with pytest.raises((ValueError, OSError)):
        reply(answer)


def test_an_answer_beyond_the_limit_is_an_error() -> None:
    with pytest.raises(ValueError, match="longer than 1000 bytes"):
        reply(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1000, limit=1000)


def test_an_answer_in_drops_ends_in_time() -> None:
    ours, theirs = socket.socketpair()
    over = threading.Event()

    def drip() -> None:
        while not over.is_set():
            theirs.sendall(b"HTTP/1.1 200 OK\r\nX: "[:1])
            sleep(0.02)

    with ours, theirs:
        drops = threading.Thread(target=drip)
        drops.start()
        start = monotonic()
        with pytest.raises(TimeoutError):
            http1.exchange(ours, REQUEST, seconds=0.3, limit=1000)
        over.set()
        drops.join()
    assert monotonic() - start < 1


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300) | st.binary(max_size=300).map(lambda tail: b"HTTP/1.1 200 OK\r\n" + tail))
def test_no_bytes_raise_anything_else(answer: bytes) -> None:
    try:
        reply(answer)
    except (ValueError, OSError):
        pass
