"""The connection to systemd against other ends that misbehave; what it answers is tested with the tables."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jeepney import DBusAddress, new_error, new_method_call, new_method_return
from jeepney.low_level import Parser

from leadline.linux.systemd import bus, units


def test_the_sockets_that_are_tried() -> None:
    assert bus.addresses({}) == [(bus.SYSTEM_BUS, True), (bus.PRIVATE, False)]
    named = "unix:abstract=x;unix:path=/a,guid=1;unix:path=/b"
    assert bus.addresses({"DBUS_SYSTEM_BUS_ADDRESS": named}) == [("/a", True), ("/b", True), (bus.PRIVATE, False)]


def test_nothing_to_connect_to_is_no_error(tmp_path: Path) -> None:
    left = tmp_path / "left"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(left))
    (tmp_path / "file").write_text("")
    assert bus.connect([(str(tmp_path / "none"), True), (str(left), False), (f"{tmp_path}/file/x", True)]) is None


def test_a_path_that_is_too_long_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 200)
    path.touch()
    with pytest.raises(bus.BusError, match="too long"):
        bus.connect([(str(path), True)])


@pytest.fixture
def listening(tmp_path: Path, monkeypatch) -> Iterator[tuple[str, list[bytes]]]:
    """A socket whose other end says what it is given, to one client after the other, and closes."""
    monkeypatch.setattr(bus, "_SECONDS", 0.3)
    path, says = str(tmp_path / "s"), []

    def serve() -> None:
        while True:
            client, _ = server.accept()
            with client:
                if not says:
                    return
                client.recv(1000)
                for part in says:
                    client.sendall(part)
                    client.settimeout(1)
                    try:
                        client.recv(1000)
                    except OSError:
                        return

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        thread = threading.Thread(target=serve)
        thread.start()
        yield path, says
        says.clear()
        with socket.socket(socket.AF_UNIX) as last:
            last.settimeout(1)
            last.connect(path)
            thread.join(5)


def test_another_end_that_is_no_bus(listening) -> None:
    path, says = listening
    says.append(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with pytest.raises(bus.BusError):
        bus.connect([(path, True)])


def test_an_end_that_hangs_up(listening) -> None:
    path, says = listening
    says += [b"OK 00\r\n"]
    with pytest.raises(bus.BusError, match=r"closed|reset|Broken"):
        bus.connect([(path, True)])


def test_an_end_that_says_nothing(listening) -> None:
    path, says = listening
    says += [b"\r"]
    with pytest.raises(bus.BusError):
        bus.connect([(path, True)])


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)


@given(TEXTS, TEXTS, st.booleans())
def test_calls_are_encoded_as_jeepney_reads_them(first: str, second: str, named: bool) -> None:
    call: bus.Call = ("/org/a_2fb", "org.example.Long", "Get", "ss", (first, second))
    (message,) = Parser().feed(bus.encoded(call, 77, "org.example" if named else None))
    fields = message.header.fields
    assert message.body == (first, second)
    assert (message.header.serial, message.header.message_type.name, message.header.flags) == (77, "method_call", 2)
    assert [fields.get(code) for code in (1, 2, 3, 8)] == ["/org/a_2fb", "org.example.Long", "Get", "ss"]
    assert fields.get(6) == ("org.example" if named else None)


def pair() -> tuple[bus.Bus, socket.socket]:
    ours, theirs = socket.socketpair()
    connected = bus.Bus(ours, False)
    ours.settimeout(0.3)
    return connected, theirs


def test_answers_come_in_the_order_of_the_calls_whatever_order_they_are_sent_in() -> None:
    connected, theirs = pair()

    def serve() -> None:
        parser, asked = Parser(), []
        while len(asked) < 3:
            asked += parser.feed(theirs.recv(1 << 16))
        for number, message in reversed(list(enumerate(asked))):
            assert message.header.fields.get(6) is None  # no destination without a bus
            reply = (
                new_error(message, "org.example.No") if number == 1 else new_method_return(message, "s", (f"{number}",))
            )
            theirs.sendall(reply.serialise(100 + number))

    thread = threading.Thread(target=serve)
    thread.start()
    with connected, theirs:
        calls: list[bus.Call] = [("/a", "org.example.A", f"M{number}", None, ()) for number in range(3)]
        assert list(connected.calls(calls)) == [("0",), None, ("2",)]
        thread.join()
        with pytest.raises(bus.BusError, match="timed out"):
            connected.call(calls[0])


def valid() -> bytes:
    """The answer to our first call, with one unit."""
    asked = new_method_call(DBusAddress("/a", "org.example.A", "org.example.A"), "M")
    asked.header.serial = 1
    unit = ("a", "b", "c", "d", "e", "f", "/g", 1, "h", "/i")
    return bytes(new_method_return(asked, "a(ssssssouso)", ([unit],)).serialise(7))


VALID = valid()


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, len(VALID) - 1), st.integers(0, 255)), max_size=6),
    st.binary(max_size=64),
    st.booleans(),
)
def test_any_answer_is_taken_or_refused(changes: list[tuple[int, int]], more: bytes, whole: bool) -> None:
    data = bytearray(VALID)
    for at, value in changes:
        data[at] = value
    connected, theirs = pair()
    with connected, theirs:
        theirs.sendall(bytes(data) + more if whole else more)
        theirs.shutdown(socket.SHUT_WR)
        try:
            for unit in units.loaded(connected):
                unit.id.encode()
        except bus.BusError:
            pass


def test_systemds_own_socket_is_pinged_until_it_answers(tmp_path: Path) -> None:
    """As systemd does when the first message comes with the end of the authentication: it waits for the next."""
    path = tmp_path / "private"

    def serve() -> None:
        client, _ = server.accept()
        with client:
            client.recv(1000)
            client.sendall(b"OK 00\r\n")
            data = b""
            while b"Ping" not in data[data.find(b"Ping") + 4 :]:
                data += client.recv(1000)
            for message in Parser().feed(data[data.index(b"BEGIN\r\n") + 7 :]):
                client.sendall(new_method_return(message).serialise(9))
            client.recv(1000)

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        thread = threading.Thread(target=serve)
        thread.start()
        connected = bus.connect([(str(path), False)])
        assert connected is not None
        connected.close()
        thread.join(5)


def test_a_huge_answer_is_refused() -> None:
    connected, theirs = pair()
    with connected, theirs:
        theirs.sendall(b"l\2\0\1\xff\xff\xff\x7f\1\0\0\0\0\0\0\0")
        with pytest.raises(bus.BusError, match="too large"):
            connected.call(("/", "org.example.A", "M", None, ()))


def test_other_peoples_right_to_the_socket(tmp_path: Path, monkeypatch) -> None:
    if os.geteuid():
        pytest.skip("needs root to become somebody else")
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        path.chmod(0)
        child = os.fork()
        if child == 0:
            os.setuid(65534)
            try:
                bus.connect([(str(path), True)])
            except bus.BusError as error:
                os._exit(0 if "Permission denied" in str(error) else 1)
            os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
