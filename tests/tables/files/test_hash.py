from __future__ import annotations

import hashlib
import os
import subprocess
import threading
from pathlib import Path

import pytest

from leadline.linux import digest
from leadline.sql.schema import Query
from leadline.tables.files.hash import hash as table

ALGORITHMS = ("md5", "sha1", "sha256")


def expected(path: Path) -> tuple[str, ...]:
    return tuple(hashlib.new(algorithm, path.read_bytes()).hexdigest() for algorithm in ALGORITHMS)


def test_digests_of_one_file(answer, tree) -> None:
    path = tree / "alpha/a.conf"
    assert answer(f"SELECT * FROM hash WHERE path = '{path}'") == [(str(path), str(path.parent), *expected(path))]
    assert answer(f"SELECT sha1 FROM hash WHERE path = '{path}'") == [(expected(path)[1],)]
    assert answer(f"SELECT md5, sha256 FROM hash WHERE path = '{path}'") == [(expected(path)[0], expected(path)[2])]
    assert answer(f"SELECT directory FROM hash WHERE path = '{path}'") == [(str(path.parent),)]


def test_only_regular_files_and_links_to_them_have_rows(answer, tree) -> None:
    rows = answer(f"SELECT path, md5 FROM hash WHERE path LIKE '{tree}/%'")
    assert [Path(path).name for path, _ in rows] == ["link", "underXscore", "under_score", "zero"]
    assert all(md5 == expected(Path(path))[0] for path, md5 in rows)
    others = f"'{tree}/pipe', '{tree}/socket', '{tree}', '/dev/null', '/no'"
    assert answer(f"SELECT * FROM hash WHERE path IN ({others})") == []


def test_a_directory_has_its_regular_files(answer, tree) -> None:
    assert answer(f"SELECT path, directory, sha256 FROM hash WHERE directory = '{tree}/alpha'") == [
        (f"{tree}/alpha/a.conf", f"{tree}/alpha", expected(tree / "alpha/a.conf")[2])
    ]
    assert answer(f"SELECT path FROM hash WHERE directory LIKE '{tree}/alpha%'") == [
        (f"{tree}/alpha-beta/d.conf",),
        (f"{tree}/alpha/a.conf",),
    ]


def test_many_files_come_in_their_order(answer, tmp_path) -> None:
    for number in range(200):
        (tmp_path / f"{number:03}").write_bytes(os.urandom((number * 7919) % 40_000))
    rows = answer(f"SELECT path, md5, sha1, sha256 FROM hash WHERE path LIKE '{tmp_path}/%'")
    assert rows == [(str(path), *expected(path)) for path in sorted(tmp_path.iterdir())]


def test_digests_are_those_of_sha256sum(answer) -> None:
    rows = answer("SELECT path, sha256 FROM hash WHERE path LIKE '/etc/%' LIMIT 40")
    printed = subprocess.run(["sha256sum", *(path for path, _ in rows)], capture_output=True, text=True, check=True)
    assert [line.split()[0] for line in printed.stdout.splitlines()] == [sha256 for _, sha256 in rows]


def test_a_changed_file_is_read_again(answer, tmp_path) -> None:
    path = tmp_path / "f"
    sql = f"SELECT sha256 FROM hash WHERE path = '{path}'"
    for content in ("one", "two", "three"):
        path.write_text(content)
        assert answer(sql) == [(hashlib.sha256(content.encode()).hexdigest(),)]


def test_files_beyond_read_max_have_no_digests(answer, tmp_path, program) -> None:
    (tmp_path / "small").write_bytes(b"x" * 1000)
    (tmp_path / "large").write_bytes(b"x" * 1001)
    rows = answer(
        f"SELECT path, md5 IS NULL FROM hash WHERE path LIKE '{tmp_path}/%'",
        runtime=program(read_max="1000", hash_cache_max="0"),
    )
    assert rows == [(f"{tmp_path}/large", 1), (f"{tmp_path}/small", 0)]


def test_the_flag_that_disables_the_cache_keeps_digests_out_of_it(answer, tmp_path, program) -> None:
    from leadline.tables.files.hash import _cache

    path = tmp_path / "f"
    path.write_text("x")
    digest = hashlib.md5(b"x").hexdigest()
    sql = f"SELECT md5 FROM hash WHERE path = '{path}'"
    assert answer(sql, runtime=program(disable_hash_cache="true")) == [(digest,)]
    assert _cache.find(str(path), ["md5"]) is None
    assert answer(sql, runtime=program()) == [(digest,)]
    kept = _cache.find(str(path), ["md5"])
    assert kept is not None
    assert kept.digests["md5"] == digest


def test_hash_joins_with_file(answer, tree) -> None:
    sql = f"SELECT f.path, f.size, h.md5 FROM file f JOIN hash h USING (path) WHERE f.path LIKE '{tree}/alpha/%%'"
    assert answer(sql) == [
        (str(path), path.stat().st_size, expected(path)[0])
        for path in (tree / "alpha/a.conf", tree / "alpha/deep/b.conf", tree / "alpha/deep/deeper/c.txt")
    ]


def test_below_a_root_links_stay_below_it(answer, tmp_path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/hostname").write_text("image")
    (tmp_path / "name").symlink_to("/etc/hostname")
    (tmp_path / "outside").symlink_to("/usr/bin/env")
    assert answer("SELECT path, md5 FROM hash WHERE path LIKE '/%'", str(tmp_path)) == [
        ("/name", hashlib.md5(b"image").hexdigest())
    ]


def test_an_abandoned_query_ends_its_threads(tmp_path) -> None:
    for number in range(100):
        (tmp_path / str(number)).write_text(str(number))
    rows = iter(table.generators[1](Query(table, None, {"path": [("LIKE", f"{tmp_path}/%")]})))
    next(rows)
    rows.close()  # type: ignore[attr-defined]
    for thread in threading.enumerate():
        if thread.name == "digest":
            thread.join(timeout=10)
            assert not thread.is_alive()


def test_a_fifo_in_place_of_a_file_is_not_waited_for(tmp_path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert digest.of_file(str(tmp_path / "pipe"), ["md5"], 1000) is None
    assert digest.of_file(str(tmp_path / "missing"), ["md5"], 1000) is None
    assert digest.of_file(str(tmp_path), ["md5"], 1000) is None
    assert digest.of_file("a\0b", ["md5"], 1000) is None


def test_the_cache_keeps_what_was_used_last(tmp_path) -> None:
    cache = digest.Cache(2)
    paths = [str(tmp_path / name) for name in "abc"]
    for path in paths:
        Path(path).write_text(path)
    for path in paths[:2]:
        cache.keep(path, digest.of_file(path, ["md5"], 1000))  # type: ignore[arg-type]
    assert cache.find(paths[0], ["md5"])
    cache.keep(paths[2], digest.of_file(paths[2], ["md5"], 1000))  # type: ignore[arg-type]
    assert [bool(cache.find(path, ["md5"])) for path in paths] == [True, False, True]
    assert cache.find(paths[0], ["md5", "sha1"]) is None
    cache.keep(paths[0], digest.of_file(paths[0], ["sha1"], 1000))  # type: ignore[arg-type]
    both = cache.find(paths[0], ["md5", "sha1"])
    assert both
    assert set(both.digests) == {"md5", "sha1"}
    Path(paths[0]).write_text("other")
    assert cache.find(paths[0], ["md5"]) is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_has_no_digests(answer, tmp_path) -> None:
    path = tmp_path / "secret"
    path.write_text("x")
    path.chmod(0)
    assert answer(f"SELECT path, md5 FROM hash WHERE path = '{path}'") == [(str(path), None)]
