"""The manager against extensions that behave, that do not, and that mean harm: over real sockets."""

from __future__ import annotations

import os
import random
import socket
import stat
import struct
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from inspect import signature
from pathlib import Path
from typing import Any

import pytest

from leadline.extensions import remotes, sockets
from leadline.extensions.calls import Peer
from leadline.extensions.errors import ExtensionError, GoneError, RefusedError, SlowError
from leadline.extensions.service import Service
from leadline.extensions.stream import Limits
from leadline.extensions.structs import Info, Response, Status
from leadline.plugins.errors import IncompleteError, PluginError
from leadline.plugins.kinds import Work

Start = Callable[..., Any]
ROUTE = [{"id": "column", "name": "word", "type": "TEXT", "op": "0"}]


def info(name: str, **more: str) -> Info:
    return Info(**{"name": name, "version": "1", "sdk_version": "5.0.0", "min_sdk_version": "1.8.0", **more})


@contextmanager
def answering(core: Any, name: str, routes: Any, call: Callable[..., Any], **answers: Any) -> Iterator[int]:
    """An extension in this process whose calls are answered by functions."""
    uuid = core.peer.register(info(name), routes)
    actions = {"ping": lambda: Status(code=0, message="pong", uuid=uuid), "call": call, "shutdown": lambda: None}
    service = Service(f"{core.path}.{uuid}", {**actions, **answers}, Limits)
    service.start()
    try:
        yield uuid
    finally:
        service.stop()


def rows(*found: dict[str, str]) -> Response:
    return Response(status=Status(code=0, message="OK"), response=list(found))


def test_the_socket_is_for_the_user_only_and_goes_with_the_manager(core: Start, short: Path) -> None:
    running = core()
    found = os.stat(running.path)
    assert stat.S_ISSOCK(found.st_mode)
    assert stat.S_IMODE(found.st_mode) == 0o600
    running.manager.stop()
    assert not os.path.exists(running.path)


def test_what_an_earlier_start_left_is_removed(core: Start, short: Path) -> None:
    for name in ("em", "em.123"):
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(short / name))
    (short / "em.conf").write_text("not a socket")
    (short / "em.4").write_text("not one either")
    running = core()
    assert running.query("SELECT 1 AS a") == [{"a": "1"}]
    assert sorted(os.listdir(short)) == ["em", "em.4", "em.conf"]


def test_an_empty_file_that_mkstemp_made_gives_way_and_others_do_not(short: Path) -> None:
    path = short / "em"
    path.touch()
    sockets.listen(str(path)).close()
    path.unlink()
    path.write_text("precious")
    with pytest.raises(ExtensionError, match="is there already and is no socket"):
        sockets.listen(str(path))
    assert path.read_text() == "precious"
    with pytest.raises(ExtensionError, match="has at most 107 bytes"):
        sockets.listen(f"/tmp/{'x' * 120}")
    with pytest.raises(ExtensionError, match="Cannot make the socket /does/not/exist/em: No such file or directory"):
        sockets.listen("/does/not/exist/em")


def test_a_socket_in_use_is_not_taken_away(core: Start, short: Path) -> None:
    running = core()
    with pytest.raises(ExtensionError, match="Another process listens at"):
        sockets.listen(running.path)
    assert running.query("SELECT 1 AS a") == [{"a": "1"}]


def test_refusals_are_osquerys_sentences(core: Start) -> None:
    running = core()
    register = running.peer.register
    with answering(running, "one", {"table": {"words": ROUTE}, "logger": {"pager": []}}, lambda **_: rows()):
        for name, routes, sentence in (
            ("one", {}, "Duplicate extension registered"),
            ("two", {"nonsense": {}}, "Failed adding registry: Unknown registry: nonsense"),
            ("two", {"table": {"empty": []}}, "Failed adding registry: Invalid route info"),
            *(
                ("two", routes, f"Failed adding registry: Registry item {item} conflicts with another item of the same"
                 " name.")
                for item, routes in (
                    ("words", {"table": {"words": ROUTE}}), ("Words", {"table": {"Words": ROUTE}}),
                    ("processes", {"table": {"processes": ROUTE}}), ("PROCESSES", {"table": {"PROCESSES": ROUTE}}),
                    ("pager", {"logger": {"pager": []}}), ("tls", {"config": {"tls": []}}),
                    ("time", {"table": {"other": [*ROUTE, {"id": "alias", "alias": "time"}]}}),
                )
            ),
            ("two", {"table": {"bad name": ROUTE}}, "Failed adding registry: 'bad name' cannot be the name of a table"),
            ("two", {"table": {"t": [{**ROUTE[0], "name": "a`b"}]}},
             "Failed adding registry: 'a`b' cannot be the name of a column of the table t"),
            ("two", {"table": {"t": [*ROUTE, {**ROUTE[0], "name": "WORD"}]}},
             "Failed adding registry: Table t has two columns of the same name"),
            ("", {}, "An extension needs a printable name"),
        ):  # fmt: skip
            with pytest.raises(RefusedError) as refused:
                register(info(name), routes)
            assert str(refused.value) == sentence
        with pytest.raises(RefusedError, match="Incompatible extension SDK version"):
            register(info("two", sdk_version="1.7.6"), {})
        for number, sdk in enumerate(("1.7.7", "0.0.0", "", "5.23.0-7-gabc", "2")):
            assert register(info(f"fine{number}", sdk_version=sdk), {}) > 0


def test_every_registry_of_osquery_is_accepted(core: Start) -> None:
    running = core()
    kinds = ("config_parser", "database", "event_publisher", "event_subscriber", "numeric_monitoring", "distributed")
    uuid = running.peer.register(info("all"), {kind: {"mine": []} for kind in kinds})
    assert sorted(running.manager.registry.items()) == sorted((kind, "mine", uuid) for kind in kinds)


def test_an_extension_that_was_killed_may_come_back_at_once(core: Start) -> None:
    running = core(extensions_interval="60", extensions_timeout="0")
    with answering(running, "one", {"table": {"words": ROUTE}}, lambda **_: rows({"word": "old"})) as first:
        assert running.query("SELECT * FROM words") == [{"word": "old"}]
    time.sleep(2.1)  # the time that a new extension has to open its socket
    with answering(running, "one", {"table": {"words": ROUTE}}, lambda **_: rows({"word": "new"})) as second:
        assert second != first
        assert running.query("SELECT * FROM words") == [{"word": "new"}]


def test_a_call_waits_for_the_socket_of_a_new_extension(core: Start) -> None:
    running = core()
    uuid = running.peer.register(info("late"), {"table": {"words": ROUTE}})
    service: list[Service] = []

    def serve() -> None:
        time.sleep(0.5)
        answers = {"ping": lambda: Status(code=0), "call": lambda **_: rows({"word": "late"})}
        service.append(Service(f"{running.path}.{uuid}", answers, Limits))
        service[0].start()

    threading.Thread(target=serve).start()
    assert running.query("SELECT * FROM words") == [{"word": "late"}]
    service[0].stop()


def test_an_extension_that_deregisters_takes_its_tables_along(core: Start) -> None:
    running = core()
    with answering(running, "one", {"table": {"words": ROUTE}}, lambda **_: rows()) as uuid:
        assert running.query("SELECT * FROM words") == []
        running.peer.deregister(uuid)
        assert running.peer.extensions() == {}
        with pytest.raises(RefusedError, match="no such table: words"):
            running.query("SELECT * FROM words")


def test_rows_of_text_become_values_of_the_declared_types(core: Start) -> None:
    running = core()
    types = {"t": "TEXT", "i": "INTEGER", "b": "BIGINT", "u": "UNSIGNED BIGINT", "d": "DOUBLE", "o": "odd"}
    route = [{"id": "column", "name": name, "type": kind, "op": "0"} for name, kind in types.items()]
    given = [
        {"t": "", "i": "0x1f", "b": "017", "u": "18446744073709551615", "d": "1e3", "o": "text"},
        {"t": "x", "i": "", "b": "abc", "u": "-1", "d": "", "extra": "ignored"},
        {"t": "y", "i": "-7", "b": "9223372036854775808", "u": "5 ", "d": "1_0"},
    ]
    with answering(running, "types", {"table": {"typed": route}}, lambda **_: rows(*given)):
        found = list(running.engine().query("SELECT * FROM typed"))
    assert found == [
        ("", 31, 15, -1, 1000.0, "text"), ("x", None, None, -1, None, None), ("y", -7, None, None, None, None),
    ]  # fmt: skip


def test_options_aliases_and_collations_of_columns(core: Start) -> None:
    running = core()
    asked: list[str] = []
    route = [
        {"id": "column", "name": "path", "type": "TEXT", "op": "2"},
        {"id": "column", "name": "kind", "type": "TEXT", "op": str(64 + 4)},
        {"id": "column", "name": "secret", "type": "TEXT", "op": "16"},
        {"id": "columnAlias", "name": "filename", "target": "path"},
        {"id": "alias", "alias": "documents"},
        {"id": "attributes", "attributes": "0"},
    ]

    def call(registry: str, item: str, request: dict[str, str]) -> Response:
        asked.append(request["context"])
        return rows({"path": "/a", "kind": "ABC", "secret": "s"}, {"path": "/b", "kind": "abc", "secret": "t"})

    with answering(running, "files", {"table": {"papers": route}}, call):
        with pytest.raises(RefusedError, match="Table papers was queried without a required column"):
            running.query("SELECT * FROM papers")
        assert running.query("SELECT * FROM papers WHERE path = '/a'") == [{"path": "/a", "kind": "ABC"}]
        assert running.query("SELECT secret FROM documents WHERE filename = '/b'") == [{"secret": "t"}]
        assert asked[-1] == (
            '{"constraints":[{"name":"filename","list":[],"affinity":"UNKNOWN"},'
            '{"name":"kind","list":[],"affinity":"TEXT"},'
            '{"name":"path","list":[{"op":2,"expr":"/b"}],"affinity":"TEXT"},'
            '{"name":"secret","list":[],"affinity":"TEXT"}],"colsUsed":["path","secret"],"colsUsedBitset":5}'
        )
        kinds = running.query("SELECT path FROM papers WHERE path IN ('/a', '/b') AND kind = 'abc' ORDER BY path")
        assert kinds == [{"path": "/a"}, {"path": "/b"}]


def test_disabled_tables_of_extensions_are_not_there(core: Start) -> None:
    running = core(disable_tables="words")
    with answering(running, "one", {"table": {"words": ROUTE, "others": ROUTE}}, lambda **_: rows()):
        assert running.query("SELECT * FROM others") == []
        with pytest.raises(RefusedError, match="no such table: words"):
            running.query("SELECT * FROM words")


def test_a_failing_table_ends_the_statement_with_its_message(core: Start) -> None:
    running = core()
    failed = Response(status=Status(code=1, message="the disk is on fire"), response=[])
    with answering(running, "one", {"table": {"words": ROUTE}}, lambda **_: failed):
        for sql in ("SELECT * FROM words", "SELECT * FROM (SELECT 1 UNION SELECT 2) a, words w, words v"):
            with pytest.raises(RefusedError, match=r"^the disk is on fire$"):
                running.query(sql)

    def broken(**_: Any) -> Response:
        raise ValueError("a bug")

    with answering(running, "two", {"table": {"letters": ROUTE}}, broken), pytest.raises(RefusedError, match="a bug"):
        running.query("SELECT * FROM letters")


def test_a_slow_extension_ends_the_statement_and_stays(core: Start) -> None:
    running = core(thrift_timeout="1")
    slow = threading.Event()

    def call(**_: Any) -> Response:
        slow.wait(1.6)
        return rows({"word": "at last"})

    with answering(running, "slow", {"table": {"words": ROUTE}}, call):
        began = time.monotonic()
        with pytest.raises(RefusedError, match=r"No answer within the time \(call\) \(extension slow\)"):
            running.query("SELECT * FROM words")
        assert 0.9 < time.monotonic() - began < 1.6
        slow.set()
        assert running.query("SELECT * FROM words") == [{"word": "at last"}]


def test_a_statement_that_is_interrupted_does_not_wait_for_the_extension(core: Start) -> None:
    running = core()
    release = threading.Event()
    with answering(running, "slow", {"table": {"words": ROUTE}}, lambda **_: release.wait(20) and rows()):
        with running.engine() as engine:
            threading.Timer(0.3, engine.interrupt).start()
            began = time.monotonic()
            with pytest.raises(Exception, match="interrupted"):
                list(engine.query("SELECT * FROM words"))
            with pytest.raises(Exception, match=r"timed out after 0\.3 s"):
                list(engine.query("SELECT * FROM words", timeout=0.3))
            assert time.monotonic() - began < 5
        release.set()


def test_an_extension_that_hangs_is_dropped_when_its_ping_is_not_answered(core: Start) -> None:
    running = core(thrift_timeout="1")
    release = threading.Event()
    with answering(running, "stuck", {}, lambda **_: rows(), ping=lambda: release.wait(10) and Status(code=0)):
        assert len(running.peer.extensions()) == 1
        end = time.monotonic() + 10
        while running.peer.extensions():
            assert time.monotonic() < end
            time.sleep(0.05)
        release.set()


def test_an_extension_may_ask_the_core_while_it_is_asked(core: Start) -> None:
    running = core()
    inner = Peer(running.path, 10.0)

    def call(item: str, **_: Any) -> Response:
        if item == "outer":
            return rows(*inner.query("SELECT word || '!' AS word FROM inside"))
        return rows({"word": "nested"})

    with (
        answering(running, "one", {"table": {"outer": ROUTE, "inside": ROUTE}}, call),
        ThreadPoolExecutor(16) as pool,
    ):
        found = list(pool.map(lambda _: running.query('SELECT * FROM "outer"'), range(16)))
    assert found == [[{"word": "nested!"}]] * 16


def test_fifty_queries_at_a_time(core: Start) -> None:
    running = core()
    with answering(running, "one", {"table": {"words": ROUTE}}, lambda **_: rows({"word": "w"})):
        sql = "SELECT {0} AS n, word, (SELECT count(*) > 0 FROM processes) AS p FROM words"
        with ThreadPoolExecutor(50) as pool:
            found = list(pool.map(lambda number: Peer(running.path, 60.0).query(sql.format(number)), range(50)))
    assert found == [[{"n": str(number), "word": "w", "p": "1"}] for number in range(50)]


def test_a_connection_may_be_kept_and_many_may_be_idle(core: Start) -> None:
    running = core()
    idle = []
    for _ in range(100):
        idle.append(socket.socket(socket.AF_UNIX))
        idle[-1].connect(running.path)
    with running.peer.connection() as invoke:
        for number in range(3):
            assert invoke("query", sql=f"SELECT {number} AS n").response == [{"n": str(number)}]
    for one in idle:
        one.close()


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x80\x01\x00\x01" + struct.pack("!i", 0x7FFFFFFF) + b"query",
        b"\x80\x01\x00\x01\x00\x00\x00\x05query\x00\x00\x00\x00\x0b\x00\x01" + struct.pack("!i", 0x7FFFFFFF),
        b"\x80\x01\x00\x01\x00\x00\x00\x05query\x00\x00\x00\x00\x0b\x00\x01" + struct.pack("!i", -5),
        b"\x80\x01\x00\x01\x00\x00\x00\x05query\x00\x00\x00\x00" + b"\x0c\x00\x09" * 100_000,
        b"\x80\x01\x00\x01\x00\x00\x00\x04call\x00\x00\x00\x00\x0d\x00\x03\x0b\x0b" + struct.pack("!i", 0x7FFFFFFF),
        b"\x80\x01\x00\x01\x00\x00\x00\x04call\x00\x00\x00\x00\x0d\x00\x03\x08\x08\x00\x00\x00\x01" + b"\x00" * 9,
        b"\x00" * 1000,
        b"\xff" * 1000,
    ],
)
def test_bytes_that_are_no_call_end_their_connection_only(core: Start, data: bytes) -> None:
    running = core()
    with socket.socket(socket.AF_UNIX) as hostile:
        hostile.settimeout(10)
        hostile.connect(running.path)
        try:
            hostile.sendall(data)
            hostile.shutdown(socket.SHUT_WR)
            while hostile.recv(4096):
                pass
        except (BrokenPipeError, ConnectionResetError):
            pass  # it was refused before its end
    assert running.query("SELECT 1 AS a") == [{"a": "1"}]


def test_random_bytes_end_their_connection_only(core: Start) -> None:
    running = core()
    chance = random.Random(9)
    for _ in range(60):
        with socket.socket(socket.AF_UNIX) as hostile:
            hostile.settimeout(10)
            hostile.connect(running.path)
            head = b"\x80\x01\x00\x01\x00\x00\x00\x11registerExtension\x00\x00\x00\x00"
            data = head + bytes(chance.choice((0, 0, 1, 2, 8, 10, 11, 12, 13, 15, 255)) for _ in range(200))
            try:
                hostile.sendall(data)
                hostile.shutdown(socket.SHUT_WR)
                while hostile.recv(4096):
                    pass
            except OSError:
                pass
    assert running.query("SELECT 1 AS a") == [{"a": "1"}]


def test_arguments_of_the_wrong_types_are_refused(core: Start) -> None:
    running = core()
    head = b"\x80\x01\x00\x01"
    for name in (b"registerExtension", b"deregisterExtension", b"query", b"getQueryColumns", b"call"):
        with socket.socket(socket.AF_UNIX) as odd:
            odd.settimeout(10)
            odd.connect(running.path)
            odd.sendall(head + struct.pack("!i", len(name)) + name + b"\x00" * 4 + b"\x08\x00\x01\x00\x00\x00\x07\x00")
            reply = odd.recv(4096)
            assert reply[4 : 8 + len(name)] == struct.pack("!i", len(name)) + name
    assert running.peer.extensions() == {}


def test_an_unknown_call_is_answered_as_thrift_does(core: Start) -> None:
    running = core()
    with socket.socket(socket.AF_UNIX) as odd:
        odd.settimeout(10)
        odd.connect(running.path)
        odd.sendall(b"\x80\x01\x00\x01\x00\x00\x00\x04nope\x00\x00\x00\x07\x00")
        assert b"Unknown function nope" in odd.recv(4096)


def lying(path: str, reply: bytes) -> socket.socket:
    """Somebody who answers every call with the same bytes."""
    listener = sockets.listen(path)

    def serve() -> None:
        while True:
            try:
                accepted = listener.accept()[0]
            except OSError:
                return
            with accepted:
                try:
                    accepted.recv(65536)
                    accepted.sendall(reply)
                except OSError:
                    pass

    threading.Thread(target=serve, daemon=True).start()
    return listener


REPLY = b"\x80\x01\x00\x02\x00\x00\x00\x04call\x00\x00\x00\x00"


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n\r\n",
        REPLY + b"\x0c\x00\x00\x0f\x00\x02\x0d" + struct.pack("!i", 0x7FFFFFFF),
        REPLY + b"\x0c\x00\x00\x0f\x00\x02\x0d\x00\x00\x00\x01\x0b\x0b\x00\x00\x00\x01" + struct.pack("!i", 0x7FFFFFFF),
        REPLY + b"\x0c\x00\x00\x0f\x00\x02\x08\x00\x00\x00\x01\x00\x00\x00\x07\x00\x00",
        REPLY + b"\x00",
        REPLY + b"\x0c\x00\x00\x0b\x00\x01\x00\x00\x00\x01x\x00\x00",
        b"\x80\x01\x00\x03\x00\x00\x00\x04call\x00\x00\x00\x00\x0b\x00\x01\x00\x00\x00\x03why\x00",
    ],
)
def test_answers_that_are_none_end_the_statement_only(core: Start, reply: bytes) -> None:
    running = core(extensions_interval="60")
    uuid = running.peer.register(info("liar"), {"table": {"words": ROUTE}})
    listener = lying(f"{running.path}.{uuid}", reply)
    if reply.endswith(b"x\x00\x00"):  # a status of another type: nothing says that it failed, and there are no rows
        assert running.query("SELECT * FROM words") == []
    else:
        with pytest.raises(RefusedError, match=r"words failed.*\(extension liar\)"):
            running.query("SELECT * FROM words")
    assert running.query("SELECT 1 AS a") == [{"a": "1"}]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def test_long_strings_are_refused_by_the_flag_and_by_our_own_limit(core: Start) -> None:
    running = core(thrift_string_size_limit="1000")
    with (
        answering(running, "one", {"table": {"words": ROUTE}}, lambda **_: rows({"word": "x" * 1001})),
        pytest.raises(RefusedError, match="exceeded specified limit: 1000"),
    ):
        running.query("SELECT * FROM words")
    with pytest.raises(GoneError):
        running.query(f"SELECT '{'x' * 1001}' AS a")
    running.manager.stop()
    other = core()
    with answering(other, "one", {"table": {"words": ROUTE}}, lambda **_: rows({"word": "x" * (16 << 20)})):
        assert other.query("SELECT length(word) AS n FROM words") == [{"n": str(16 << 20)}]
    with pytest.raises(ExtensionError):
        other.query(f"SELECT length('{'x' * (17 << 20)}') AS n")
    assert other.query("SELECT 1 AS a") == [{"a": "1"}]


def test_a_message_that_comes_byte_by_byte_has_a_deadline(core: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leadline.extensions.service.MESSAGE", 0.5)
    running = core()
    with socket.socket(socket.AF_UNIX) as slow:
        slow.settimeout(10)
        slow.connect(running.path)
        slow.sendall(b"\x80\x01")
        began = time.monotonic()
        assert slow.recv(1) == b""
        assert time.monotonic() - began < 5


def test_a_core_that_does_not_answer_is_told_apart_from_one_that_is_not_there(short: Path) -> None:
    path = str(short / "silent")
    with sockets.listen(path), pytest.raises(SlowError):
        Peer(path, timeout=0.3).ping()
    with pytest.raises(GoneError, match="Connection refused"):
        Peer(path, timeout=0.3).ping()
    with pytest.raises(GoneError, match="No such file"):
        Peer(str(short / "nobody"), timeout=0.3).ping()


def test_stopping_ends_connections_and_running_statements(core: Start) -> None:
    running = core()
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    failed: list[Exception] = []

    def ask() -> None:
        try:
            running.query(endless)
        except ExtensionError as error:
            failed.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    time.sleep(0.5)
    began = time.monotonic()
    running.manager.stop()
    asking.join(10)
    assert time.monotonic() - began < 5
    assert len(failed) == 1


def test_plugins_of_extensions_are_found_and_fail_with_sentences(core: Start) -> None:
    running = core(extensions_timeout="0.3")
    answers: dict[str, Response] = {}

    def call(registry: str, item: str, request: dict[str, str]) -> Response:
        return answers[request["action"]]

    assert remotes.find(running.manager, "enroll", "keys") is None
    with answering(running, "one", {"enroll": {"keys": []}, "distributed": {"queue": []}, "config": {"c": []}}, call):
        enroll = remotes.find(running.manager, "enroll", "keys")(None)
        answers["enroll"] = rows({"node_key": "k1"})
        assert enroll.enroll() == "k1"
        answers["enroll"] = rows()
        with pytest.raises(PluginError, match="The enroll plugin keys of an extension gave no node key"):
            enroll.enroll()
        answers["enroll"] = Response(status=Status(code=1, message="not today"))
        with pytest.raises(PluginError, match="The enroll plugin keys of an extension answered: not today"):
            enroll.enroll()
        queue = remotes.find(running.manager, "distributed", "queue")(None)
        asked = (30, ())[: len(signature(queue.read).parameters)]
        for results, sentence in (
            ("[]", "no JSON object"),
            ("{", "gave no JSON"),
            ('{"queries": []}', "not an object"),
        ):
            answers["getQueries"] = rows({"results": results})
            with pytest.raises(PluginError, match=sentence):
                queue.read(*asked)
        answers["getQueries"] = rows({"results": '{"queries": {"a": "SELECT 1"}, "accelerate": 9}'})
        assert queue.read(*asked) == Work({"a": "SELECT 1"}, {}, 9, held=False)
        config = remotes.find(running.manager, "config", "c")(None)
        answers["genConfig"] = rows({"one": "{}"}, {"two": "{}"})
        assert config.read() == {"one": "{}", "two": "{}"}
        answers["genPack"] = rows({"p": "{}"})
        assert [pack[2] for pack in config.packs("p", "*")] == ["{}"]
        config.cancel()
        with pytest.raises(PluginError, match="cancelled"):
            config.read()
    running.manager.registry.remove(next(iter(running.manager.registry.extensions)))
    with pytest.raises(PluginError, match="No extension offers the enroll keys"):
        enroll.enroll()


def test_a_logger_of_an_extension_says_which_lines_it_took(core: Start) -> None:
    running = core()
    taken: list[dict[str, str]] = []
    healthy = [True]

    def call(registry: str, item: str, request: dict[str, str]) -> Response:
        if "string" in request and request["string"] == "c" and not healthy[0]:
            return Response(status=Status(code=1, message="full"))
        taken.append(request)
        return rows()

    with answering(running, "one", {"logger": {"pager": []}}, call):
        logger = remotes.find(running.manager, "logger", "pager")(None)
        logger.start()
        assert taken == [{"init": "osqueryd", "log": "[]"}, {"action": "features"}]
        assert logger.streams == {"result": ("result",), "snapshot": ("snapshot",)}
        healthy[0] = False
        with pytest.raises(IncompleteError, match="full") as incomplete:
            logger.send("result", ["a", "b", "c", "d"], "")
        assert sorted(incomplete.value.left) == [2, 3]
        with pytest.raises(PluginError, match="The logger plugin pager of an extension answered: full"):
            logger.send("result", ["c", "d"], "")
        healthy[0] = True
        assert logger.send("result", ["c", "d"], "") == ""
        assert logger.send("snapshot", ["s"], "") == ""
        assert [request.get("string") or request.get("snapshot") for request in taken[2:]] == list("abcds")
