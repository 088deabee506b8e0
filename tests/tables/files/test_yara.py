"""The tables yara_file and yara_process, with real rules on real files and processes."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yara_x
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadline.tables.files import signatures

Ask = Callable[..., list[dict[str, Any]]]

RULES = """
rule shell : script posix { strings: $a = "#!/bin/sh" $b = { 72 6d ?? 2d } condition: $a at 0 and $b }
rule other { strings: $x = "never there" condition: $x }
private rule hidden { condition: true }
rule uses : script { condition: hidden and filesize < 1MB }
"""
SCRIPT = "#!/bin/sh\nrm -rf /tmp/x\n"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory with rules and with what they are for."""
    (tmp_path / "rules.yar").write_text(RULES)
    (tmp_path / "more.yar").write_text("rule uses { condition: true }")
    (tmp_path / "scanned").mkdir()
    (tmp_path / "scanned/a.sh").write_text(SCRIPT)
    (tmp_path / "scanned/b.txt").write_text("text")
    return tmp_path


@pytest.fixture
def quick(ask: Ask, program: Any) -> Callable[..., tuple[list[tuple[Any, ...]], list[str]]]:
    """``quick(sql, root, configuration, **flags)``: rows and warnings, without pauses between scans."""

    def run(
        sql: str, root: str = "", configuration: Any = None, **flags: str
    ) -> tuple[list[tuple[Any, ...]], list[str]]:
        said: list[str] = []
        runtime = program(configuration, **{"yara_delay": "0", **flags})
        rows = ask(sql, root, runtime=runtime, warn=lambda *words: said.append(words[-1]))
        return [tuple(row.values()) for row in rows], said

    return run


def test_a_rule_file_is_held_against_a_file(quick: Any, place: Path) -> None:
    rows, said = quick(f"SELECT * FROM yara_file WHERE path = '{place}/scanned/a.sh' AND sigfile = '{place}/rules.yar'")
    assert rows == [
        (f"{place}/scanned/a.sh", "shell,uses", 2, "", f"{place}/rules.yar", "$a:0,$b:a", "script,posix,script")
    ]
    assert said == []


def test_a_file_that_nothing_matches_has_a_row_too(quick: Any, place: Path) -> None:
    rows, _ = quick(
        "SELECT path, matches, count, strings, tags, sigrule FROM yara"
        f" WHERE path LIKE '{place}/scanned/%' AND sigrule = 'rule x : y {{ strings: $a = \"rm\" condition: $a }}'"
    )
    rule = 'rule x : y { strings: $a = "rm" condition: $a }'
    assert rows == [(f"{place}/scanned/a.sh", "x", 1, "", "y", rule), (f"{place}/scanned/b.txt", "", 0, "", "", rule)]


def test_strings_of_rules_in_a_statement_are_shown_on_request(quick: Any, place: Path) -> None:
    sql = f"SELECT strings FROM yara WHERE path = '{place}/scanned/a.sh'"
    sql += " AND sigrule = 'rule x { strings: $a = \"rm\" condition: $a }'"
    assert quick(sql)[0] == [("",)]
    assert quick(sql, enable_yara_string="true")[0] == [("$a:a",)]


def test_a_group_of_the_configuration(quick: Any, place: Path) -> None:
    configuration = {"yara": {"signatures": {"mine": [f"{place}/rules.yar", f"{place}/more.yar"], "odd": "x"}}}
    sql = f"SELECT matches, count, sig_group FROM yara WHERE path = '{place}/scanned/a.sh' AND sig_group = "
    assert quick(f"{sql}'mine'", "", configuration)[0] == [("shell,uses,uses", 3, "mine")]
    for name in ("odd", "none"):
        assert quick(f"{sql}'{name}'", "", configuration) == ([], [f"No group of YARA signatures {name} is configured"])
    assert quick(f"{sql}'mine'")[0] == []


def test_several_sets_have_a_row_each(quick: Any, place: Path) -> None:
    rows, _ = quick(
        f"SELECT sigfile, count FROM yara WHERE path = '{place}/scanned/a.sh'"
        f" AND sigfile IN ('{place}/rules.yar', '{place}/more.yar')"
    )
    assert rows == [(f"{place}/more.yar", 1), (f"{place}/rules.yar", 2)]


def test_a_statement_has_to_name_rules(quick: Any, place: Path) -> None:
    rows, said = quick(f"SELECT * FROM yara WHERE path = '{place}/scanned/a.sh'")
    assert rows == []
    assert said == ["Query must specify sig_group, sigfile, sigrule, or sigurl for scan"]


@pytest.mark.parametrize(
    "text",
    ["rule", "rule x { condition: y }", 'include "/etc/passwd"\nrule x { condition: true }', "\ud800", "x" * 9000],
)
def test_rules_that_are_wrong_are_said(quick: Any, place: Path, text: str) -> None:
    text = text.replace("'", "''").encode("utf-8", "replace").decode()
    rows, said = quick(f"SELECT * FROM yara WHERE path = '{place}/scanned/a.sh' AND sigrule = '{text}'")
    assert rows == []
    assert len(said) == 1
    assert said[0].startswith("YARA rules that cannot be compiled: error")
    assert "root:" not in said[0]


def test_rule_files_may_include_others_and_are_read_again(quick: Any, place: Path) -> None:
    (place / "main.yar").write_text('include "part.yar"\n')
    sql = f"SELECT matches FROM yara WHERE path = '{place}/scanned/a.sh' AND sigfile = '{place}/main.yar'"
    for name in ("one", "two"):
        (place / "part.yar").write_text(f"rule {name} {{ condition: true }}")
        assert quick(sql)[0] == [(name,)]


def test_a_rule_file_that_cannot_be_used_is_said(quick: Any, place: Path) -> None:
    (place / "compiled").write_bytes(b"YARA\1\2\3")
    os.mkfifo(place / "pipe")
    for name, words in (("compiled", "compiled YARA rules"), ("pipe", "cannot be read"), ("none", "cannot be read")):
        rows, said = quick(f"SELECT * FROM yara WHERE path = '/etc/passwd' AND sigfile = '{place}/{name}'")
        assert rows == []
        assert len(said) == 1
        assert words in said[0]


def test_compiled_rules_are_kept_by_content(quick: Any, place: Path) -> None:
    signatures._compiled.clear()
    sql = f"SELECT matches FROM yara WHERE path = '{place}/scanned/a.sh' AND sigfile = '{place}/rules.yar'"
    assert quick(sql)[0] == [("shell,uses",)]
    assert len(signatures._compiled) == 1
    assert quick(sql)[0] == [("shell,uses",)]
    assert len(signatures._compiled) == 1
    (place / "rules.yar").write_text("rule changed { condition: true }")
    assert quick(sql)[0] == [("changed",)]
    assert len(signatures._compiled) == 2


def test_large_files_and_what_is_none_are_left_out(quick: Any, place: Path) -> None:
    (place / "scanned/large").write_bytes(b"x" * 200)
    os.mkfifo(place / "scanned/pipe")
    (place / "scanned/zero").symlink_to("/dev/zero")
    (place / "scanned/empty").touch()
    sql = f"SELECT path FROM yara WHERE path LIKE '{place}/scanned/%' AND sigrule = 'rule x {{ condition: true }}'"
    rows, said = quick(sql, read_max="100")
    assert [os.path.basename(path) for (path,) in rows] == ["a.sh", "b.txt", "empty"]
    assert said == [f"{place}/scanned/large: larger than 100 bytes, not scanned"]


def test_another_root_is_looked_at_with_this_machines_rules(quick: Any, place: Path) -> None:
    (place / "etc").mkdir()
    (place / "etc/link").symlink_to("/scanned/a.sh")
    rows, _ = quick(
        f"SELECT path, matches FROM yara WHERE path = '/etc/link' AND sigfile = '{place}/rules.yar'", str(place)
    )
    assert rows == [("/etc/link", "shell,uses")]


def test_files_of_another_mount_namespace(quick: Any, place: Path) -> None:
    rows, _ = quick(
        f"SELECT path, count, pid_with_namespace FROM yara WHERE path = '{place}/scanned/a.sh'"
        f" AND pid_with_namespace = {os.getpid()} AND sigrule = 'rule x {{ condition: true }}'"
    )
    if not rows:
        pytest.skip("no right to enter a mount namespace")
    assert rows == [(f"{place}/scanned/a.sh", 1, os.getpid())]


def test_the_library_itself_says_the_same(quick: Any, place: Path) -> None:
    rows, _ = quick(f"SELECT path, matches FROM yara WHERE path LIKE '/etc/%' AND sigfile = '{place}/rules.yar'")
    rules = yara_x.compile(RULES)
    assert len(rows) > 5
    for path, matches in rows:
        found = rules.scan(Path(path).read_bytes()).matching_rules
        assert sorted(matches.split(",")) == sorted(rule.identifier for rule in found)


def test_a_pause_is_made_between_scans(ask: Ask, place: Path, program: Any) -> None:
    start = time.monotonic()
    sql = f"SELECT path FROM yara WHERE path LIKE '{place}/scanned/%' AND sigrule = 'rule x {{ condition: true }}'"
    assert len(ask(sql, runtime=program(yara_delay="400"))) == 2
    assert time.monotonic() - start >= 0.4


def test_a_scan_that_takes_long_ends_with_its_statement(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "long").write_bytes(b"ab" * 20_000_000)
    rule = "rule slow { strings: $a = /[a-z]{3,50}q/ condition: $a }"
    start = time.monotonic()
    with pytest.raises(Exception, match="time"):
        ask(f"SELECT * FROM yara WHERE path = '{tmp_path}/long' AND sigrule = '{rule}'", timeout=1)
    assert time.monotonic() - start < 5


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    """A process that holds a secret in its memory which stands nowhere in a file."""
    source = "secret = b'needle' * 2 + bytes(range(48, 58)); held = bytearray(1 << 20); held[5:5] = secret;"
    source += "print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", source], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout
        child.stdout.readline()
        yield child
        child.kill()


SECRET = 'rule secret : t { strings: $a = "needleneedle0123456789" condition: $a }'


def test_the_memory_of_a_process(quick: Any, process: Any, place: Path) -> None:
    (place / "secret.yar").write_text(SECRET)
    sql = f"SELECT * FROM yara_process WHERE pid = {process.pid} AND sigfile = '{place}/secret.yar'"
    rows, said = quick(sql)
    if said == [f"process {process.pid}: Permission denied"]:
        pytest.skip("no right to read another process's memory")
    [(pid, matches, count, group, _, strings, tags)] = rows
    assert (pid, matches, count, group, tags) == (process.pid, "secret", 1, "", "t")
    address = int(strings.split(",")[0].removeprefix("$a:"), 16)
    with open(f"/proc/{process.pid}/mem", "rb") as memory:
        memory.seek(address)
        assert memory.read(22) == b"needleneedle0123456789"


def test_a_process_without_what_is_looked_for(quick: Any, process: Any) -> None:
    rows, _ = quick(
        f"SELECT pid, count FROM yara_process WHERE pid IN ({process.pid}, 99999999)"
        " AND sigrule = 'rule x { strings: $a = { 01 fe 37 c8 55 a9 d3 12 77 } condition: $a }'"
    )
    assert rows == [(process.pid, 0)]


def test_there_are_no_processes_below_another_root(quick: Any, place: Path) -> None:
    rows, said = quick("SELECT * FROM yara_process WHERE pid = 1 AND sigrule = 'x'", str(place))
    assert rows == []
    assert len(said) == 1


def test_memory_that_was_never_touched_cost_nothing(quick: Any) -> None:
    source = "import mmap; held = mmap.mmap(-1, 1 << 37, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000);"
    source += "held[1 << 36] = 1; print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", source], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout
        if not child.stdout.readline():
            pytest.skip("this machine gives nobody that much")
        start = time.monotonic()
        rows, _ = quick(
            f"SELECT count FROM yara_process WHERE pid = {child.pid} AND sigrule = 'rule x {{ condition: true }}'"
        )
        child.kill()
    assert rows == [(1,)]
    assert time.monotonic() - start < 10


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A web server over TLS that hands out rules: its address, and the file with its certificate."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-keyout", str(key), "-out", str(certificate), "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost"],
        check=True, capture_output=True,
    )  # fmt: skip

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response({"/rules/missing.yar": 404, "/rules/away.yar": 302}.get(self.path, 200))
            self.send_header("Location", "/rules/good.yar")
            self.end_headers()
            self.wfile.write(b'rule fetched { strings: $a = "rm" condition: $a }')

        def log_message(self, *_: Any) -> None:
            pass

    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    made.socket = context.wrap_socket(made.socket, server_side=True)
    thread = threading.Thread(target=made.serve_forever, args=(0.02,))
    thread.start()
    yield f"https://localhost:{made.server_port}", str(certificate)
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.mark.parametrize(
    ("path", "found", "words"),
    [
        ("/rules/good.yar", [("fetched", "")], ""),
        ("/rules/missing.yar", [], "status 404"),
        ("/rules/away.yar", [], "redirects"),
        ("/elsewhere.yar", [], "not allowed"),
        ("/rules/good.yarn", [], "not allowed"),
    ],
)
def test_rules_from_an_address(quick: Any, place: Path, server: Any, path: str, found: Any, words: str) -> None:
    address, certificate = server
    configuration = {"yara": {"signature_urls": [f"{address}/rules/[a-z]+\\.yar", "http://localhost/.*", 7]}}
    rows, said = quick(
        f"SELECT matches, strings FROM yara WHERE path = '{place}/scanned/a.sh' AND sigurl = '{address}{path}'",
        "", configuration, tls_server_certs=certificate,
    )  # fmt: skip
    assert rows == found
    assert [words in text for text in said] == [True] * (not found)


@pytest.mark.parametrize(
    "address",
    [
        "http://localhost/x", "https://user@localhost/x", "https://localhost.example.org/x", "file:///etc/passwd",
        "https://localhost:1/x", "https://[", "",
    ],
)  # fmt: skip
def test_only_addresses_that_are_allowed(address: str) -> None:
    assert not signatures._allowed(["https://localhost/.*", "http://localhost/x", "file:///etc/passwd"], address)
    assert signatures._allowed(["https://localhost/.*"], "https://localhost/x")
    assert not signatures._allowed(["https://localhost/("], "https://localhost/x")
    assert not signatures._allowed(None, "https://localhost/x")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=80), st.binary(max_size=100))
def test_whatever_rules_and_files_hold_the_table_answers(quick: Any, place: Path, rule: str, data: bytes) -> None:
    (place / "scanned/a.sh").write_bytes(data)
    (place / "rules.yar").write_bytes(data)
    quoted = json.dumps(rule).replace("'", "''")
    quick(f"SELECT * FROM yara WHERE path = '{place}/scanned/a.sh' AND sigrule = '{quoted}'")
    quick(f"SELECT * FROM yara WHERE path = '{place}/scanned/a.sh' AND sigfile = '{place}/rules.yar'")
