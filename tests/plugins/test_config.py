"""The config plugins: files, and a TLS server that need not send again what has not changed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from leadline.plugins.config.filesystem import Filesystem
from leadline.plugins.config.tls import TLS
from leadline.plugins.errors import PluginError, RefusedError


@pytest.fixture
def tls(surroundings: Any) -> Any:
    surroundings.set(config_tls_endpoint="/config", config_tls_max_attempts=1)
    made = TLS(surroundings)
    yield made
    made.session.transport.close()


def answer(**document: Any) -> tuple[int, bytes, dict[str, str]]:
    return 200, json.dumps(document).encode(), {}


def test_a_server_that_knows_etags_is_asked_for_what_is_new(fleet: Any, tls: TLS) -> None:
    first, second = answer(schedule={}, etag="one"), answer(schedule={"q": {}}, etag="two")
    fleet.answers["/config"] += [first, answer(etag="ok"), second, answer(etag="ok")]
    read = [tls.read()["tls_plugin"].encode() for _ in range(4)]
    assert read == [first[1], first[1], second[1], second[1]]
    assert [request.body["etag"] for request in fleet.seen("/config")] == ["", "one", "one", "two"]


def test_a_server_that_knows_validators_answers_304(fleet: Any, tls: TLS) -> None:
    fleet.answers["/config"] += [(200, b'{"a": 1}', {"ETag": '"x"'}), (304, b"", {}), (200, b'{"a": 2}', {})]
    assert [tls.read()["tls_plugin"] for _ in range(4)] == ['{"a": 1}', '{"a": 1}', '{"a": 2}', "{}"]
    assert [request.headers.get("If-None-Match") for request in fleet.seen("/config")] == [None, '"x"', '"x"', None]


def test_a_server_that_knows_neither_sends_all(fleet: Any, tls: TLS) -> None:
    fleet.config = {"schedule": {}}
    assert tls.read() == tls.read() == {"tls_plugin": '{"schedule": {}}'}
    assert [request.body["etag"] for request in fleet.seen("/config")] == ["", ""]


def test_unchanged_is_no_answer_to_the_first_request(fleet: Any, tls: TLS) -> None:
    fleet.answers["/config"] += [answer(etag="ok"), (304, b"", {})]
    for _ in range(2):
        with pytest.raises(RefusedError, match="has not changed, and sent none before"):
            tls.read()


def test_without_etags_the_request_is_osquerys(fleet: Any, tls: TLS, surroundings: Any) -> None:
    surroundings.set(config_tls_etag="false")
    fleet.answers["/config"] += [answer(etag="one")]
    tls.read()
    tls.read()
    assert [request.text for request in fleet.seen("/config")] == ['{"node_key":"nk1"}'] * 2


def test_the_tls_plugin_has_no_packs_elsewhere(tls: TLS) -> None:
    with pytest.raises(PluginError, match="p is at /etc/p"):
        tls.packs("p", "/etc/p.conf")


def test_the_file_comes_first_and_those_of_its_directory_by_name(
    surroundings: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "osquery.conf"
    surroundings.set(config_path=str(path))
    plugin = Filesystem(surroundings)
    with pytest.raises(PluginError, match="config file does not exist: "):
        plugin.read()
    path.mkdir()
    with pytest.raises(PluginError, match="config file does not exist: "):
        plugin.read()
    path.rmdir()
    path.write_text("{}")
    (tmp_path / "osquery.conf.d").mkdir()
    for name in ("b.conf", "a.conf", "c.txt"):
        (tmp_path / "osquery.conf.d" / name).write_text(f'"{name}"')
    assert plugin.read() == {
        str(path): "{}", f"{path}.d/a.conf": '"a.conf"', f"{path}.d/b.conf": '"b.conf"',
    }  # fmt: skip
    assert list(plugin.read()) == [str(path), f"{path}.d/a.conf", f"{path}.d/b.conf"]
    os.mkfifo(tmp_path / "osquery.conf.d" / "z.conf")
    assert list(plugin.read()) == [str(path), f"{path}.d/a.conf", f"{path}.d/b.conf"]
    assert f"Cannot read {path}.d/z.conf, which is left out: Not a regular file" in caplog.text


def test_packs_are_files(surroundings: Any, tmp_path: Path) -> None:
    plugin = Filesystem(surroundings)
    (tmp_path / "one.conf").write_text("1")
    (tmp_path / "two.v2.conf").write_text("2")
    assert [tuple(pack) for pack in plugin.packs("p", f"{tmp_path}/one.conf")] == [("p", f"{tmp_path}/one.conf", "1")]
    assert [pack.name for pack in plugin.packs("*", f"{tmp_path}/%.conf")] == ["one", "two.v2"]
    assert plugin.packs("*", "/none/*") == []
    with pytest.raises(PluginError, match="/none: No such file or directory"):
        plugin.packs("p", "/none")
