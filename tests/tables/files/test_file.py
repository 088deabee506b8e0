from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from leadline.sql.schema import Query
from leadline.tables.files.file import file

TYPES = {
    stat.S_IFREG: "regular", stat.S_IFDIR: "directory", stat.S_IFIFO: "fifo", stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "character", stat.S_IFBLK: "block",
}  # fmt: skip


def found(answer, tree: Path, pattern: str, operator: str = "LIKE") -> list[str]:
    """The paths a pattern finds, without the directory of the tree."""
    rows = answer(f"SELECT path FROM file WHERE path {operator} '{tree}/{pattern}'")
    return [path.removeprefix(f"{tree}/") for (path,) in rows]


def test_a_single_wildcard_stays_within_one_directory_and_sorts(answer, tree) -> None:
    assert found(answer, tree, "%") == [
        ".hidden/", "alpha-beta/", "alpha/", "folder/", "link", "nowhere", "pipe", "self", "socket", "underXscore",
        "under_score", "zero",
    ]  # fmt: skip


def test_wildcards_fit_parts_of_names(answer, tree) -> None:
    assert found(answer, tree, "al%") == ["alpha-beta/", "alpha/"]
    assert found(answer, tree, "%a/%.conf") == ["alpha-beta/d.conf", "alpha/a.conf"]
    assert found(answer, tree, "%/d%p/%") == ["alpha/deep/b.conf", "alpha/deep/deeper/"]
    assert found(answer, tree, "%e%r%o%") == ["underXscore", "under_score", "zero"]
    assert found(answer, tree, "z%o") == ["zero"]
    assert found(answer, tree, "zero%zero") == []
    assert found(answer, tree, "alpha/deep/%") == ["alpha/deep/b.conf", "alpha/deep/deeper/"]


def test_an_underscore_is_an_underscore(answer, tree) -> None:
    assert found(answer, tree, "under_s/%") == []
    assert found(answer, tree, "under_score") == ["under_score"]


def test_without_a_wildcard_like_finds_the_path_itself(answer, tree) -> None:
    assert found(answer, tree, "alpha") == ["alpha"]
    assert found(answer, tree, "alpha/") == ["alpha/"]
    assert found(answer, tree, "missing") == []


def test_two_wildcards_at_the_end_go_below_and_follow_links_once(answer, tree) -> None:
    assert found(answer, tree, "%%") == [
        ".hidden/", ".hidden/.e", "alpha-beta/", "alpha-beta/d.conf", "alpha/", "alpha/a.conf", "alpha/deep/",
        "alpha/deep/b.conf", "alpha/deep/deeper/", "alpha/deep/deeper/c.txt", "alpha/loop/", "folder/",
        "folder/b.conf", "folder/deeper/", "folder/deeper/c.txt", "link", "nowhere", "pipe", "self", "socket",
        "underXscore", "under_score", "zero",
    ]  # fmt: skip


def test_recursion_below_a_part_of_a_name(answer, tree) -> None:
    assert found(answer, tree, "alpha-%%") == ["alpha-beta/", "alpha-beta/d.conf"]
    assert found(answer, tree, "%/deep/%%") == [
        "alpha/deep/b.conf", "alpha/deep/deeper/", "alpha/deep/deeper/c.txt",
    ]  # fmt: skip


def test_two_wildcards_in_the_middle_do_not_go_below(answer, tree) -> None:
    assert found(answer, tree, "%%/%.conf") == ["alpha-beta/d.conf", "alpha/a.conf", "folder/b.conf"]
    assert found(answer, tree, "%%.conf") == []


def test_a_slash_at_the_end_finds_directories_only(answer, tree) -> None:
    assert found(answer, tree, "%/") == [".hidden/", "alpha-beta/", "alpha/", "folder/"]
    assert found(answer, tree, "alpha/%%/") == ["alpha/deep/", "alpha/deep/deeper/", "alpha/loop/"]


def test_glob_works_the_same_with_its_own_wildcards(answer, tree) -> None:
    assert found(answer, tree, "z*", "GLOB") == ["zero"]
    assert found(answer, tree, "under[^_]score", "GLOB") == ["underXscore"]
    assert found(answer, tree, "zer?", "GLOB") == ["zero"]
    assert found(answer, tree, "alpha/d**", "GLOB") == [
        "alpha/deep/", "alpha/deep/b.conf", "alpha/deep/deeper/", "alpha/deep/deeper/c.txt",
    ]  # fmt: skip


def test_wildcards_of_glob_are_characters_of_like(answer, tmp_path) -> None:
    for name in ("a[x]b", "axb", "a*b", "a?c"):
        (tmp_path / name).touch()
    assert found(answer, tmp_path, "a[x]%") == ["a[x]b"]
    assert found(answer, tmp_path, "a*%") == ["a*b"]
    assert found(answer, tmp_path, "a?%") == ["a?c"]


def test_relative_patterns_start_in_the_working_directory(answer, tree, monkeypatch) -> None:
    monkeypatch.chdir(tree)
    assert answer("SELECT path FROM file WHERE path LIKE '%/a.conf'") == [(f"{tree}/alpha/a.conf",)]


def test_a_relative_pattern_beside_one_of_a_directory_says_only_what_to_look_for(answer, tree, monkeypatch) -> None:
    monkeypatch.chdir("/")
    sql = f"SELECT path FROM file WHERE path LIKE '{tree}/alpha/%%' AND path {{}}"
    expected = [(f"{tree}/alpha/a.conf",), (f"{tree}/alpha/deep/b.conf",)]
    assert answer(sql.format("LIKE '%.conf'"))[:2] == expected
    assert answer(sql.format("GLOB '*.conf'"))[:2] == expected


def test_recursion_finds_what_find_1_finds(answer) -> None:
    top = "/usr/share/doc"
    printed = subprocess.run(["find", top, "-mindepth", "1", "-print0"], capture_output=True, check=True).stdout
    expected = {path.decode() for path in printed.split(b"\0") if path}
    through_links = {path for (path,) in answer(f"SELECT path FROM file WHERE path LIKE '{top}/%%'")}
    assert expected <= {path.rstrip("/") for path in through_links}
    outside = {path.rstrip("/") for path in through_links} - expected
    # what find does not see lies behind links to directories
    links = {path for path in expected if os.path.islink(path) and os.path.isdir(path)}
    assert all(any(path.startswith(f"{link}/") for link in links) for path in outside)


def test_order_is_that_of_the_paths(answer, tree) -> None:
    paths = found(answer, tree, "%%")
    assert paths == sorted(paths)


def test_deep_trees_end_at_a_depth(answer, tmp_path) -> None:
    (tmp_path / "/".join(["d"] * 70)).mkdir(parents=True)
    depths = [path.count("/") for path in found(answer, tmp_path, "%%")]
    assert max(depths) == 64


def test_links_among_siblings_do_not_multiply(answer, tmp_path) -> None:
    for name in "abcdef":
        (tmp_path / name).mkdir()
    for name in "abcdef":
        for other in "abcdef":
            (tmp_path / name / f"to-{other}").symlink_to(f"../{other}")
    assert len(found(answer, tmp_path, "%%")) <= 6 + 6 * 6 * 7


def test_a_row_tells_what_stat_tells(answer, tree) -> None:
    for path in (tree / "alpha/a.conf", tree / "alpha", tree / "pipe", tree / "socket", Path("/dev/null"), Path("/")):
        row = answer(f"SELECT * FROM file WHERE path = '{path}'")
        status = path.stat()
        assert row == [
            (
                str(path), os.path.dirname(path) if path.name else "", path.name or "/", status.st_ino, status.st_uid,
                status.st_gid, f"{status.st_mode & 0o7777:04o}", status.st_rdev, status.st_size, status.st_blksize,
                int(status.st_atime), int(status.st_mtime), int(status.st_ctime), 0, status.st_nlink, 0,
                TYPES[stat.S_IFMT(status.st_mode)], None,
            )
        ]  # fmt: skip


def test_a_link_tells_of_its_target_and_where_it_points(answer, tree) -> None:
    sql = "SELECT filename, symlink, type, size, mode, symlink_target_path FROM file"
    assert answer(f"{sql} WHERE path IN ('{tree}/link', '{tree}/nowhere', '{tree}/folder', '{tree}/self')") == [
        ("folder", 1, "directory", (tree / "alpha/deep").stat().st_size, "0755", "alpha/deep"),
        ("link", 1, "regular", 0, "0644", "zero"),
        ("nowhere", 1, "unknown", 8, "0777", "not/here"),
        ("self", 1, "unknown", 4, "0777", "self"),
    ]


def test_a_path_that_ends_in_a_slash_is_that_of_the_directory_itself(answer, tree) -> None:
    sql = "SELECT path, directory, filename, type, symlink FROM file"
    expected = [(f"{tree}/folder/", f"{tree}/folder", ".", "directory", 0)]
    assert answer(f"{sql} WHERE path = '{tree}/folder/'") == expected
    assert answer(f"{sql} WHERE path LIKE '{tree}/fold%'") == expected
    assert answer(f"{sql}, (SELECT 1) WHERE path LIKE '{tree}/fold%' AND size > 0") == expected
    assert answer(f"{sql} WHERE path = '{tree}/zero/'") == []


@pytest.mark.parametrize("columns", ["type, symlink", "mode, type, symlink", "filename", "path, directory"])
def test_columns_are_the_same_in_whatever_combination_they_are_read(answer, tree, columns) -> None:
    names = ["path", "directory", "filename", "mode", "type", "symlink"]
    whole = answer(f"SELECT {', '.join(names)} FROM file WHERE path LIKE '{tree}/%%'")
    wanted = [names.index(column) for column in columns.split(", ")]
    assert answer(f"SELECT {columns} FROM file WHERE path LIKE '{tree}/%%'") == [
        tuple(row[place] for place in wanted) for row in whole
    ]


def test_a_directory_has_its_members_without_slashes(answer, tree) -> None:
    sql = "SELECT path, directory, filename, type, symlink FROM file"
    assert answer(f"{sql} WHERE directory = '{tree}/alpha'") == [
        (f"{tree}/alpha/a.conf", f"{tree}/alpha", "a.conf", "regular", 0),
        (f"{tree}/alpha/deep", f"{tree}/alpha", "deep", "directory", 0),
        (f"{tree}/alpha/loop", f"{tree}/alpha", "loop", "directory", 1),
    ]
    assert answer(f"{sql} WHERE directory = '{tree}/alpha-beta/'") == [
        (f"{tree}/alpha-beta/d.conf", f"{tree}/alpha-beta/", "d.conf", "regular", 0)
    ]
    assert answer(f"{sql} WHERE directory IN ('{tree}/zero', '{tree}/no', '')") == []


def test_directories_by_pattern_keep_the_slash(answer, tree) -> None:
    sql = "SELECT path, directory FROM file"
    assert answer(f"{sql} WHERE directory LIKE '{tree}/al%'") == [
        (f"{tree}/alpha-beta/d.conf", f"{tree}/alpha-beta/"),
        (f"{tree}/alpha/a.conf", f"{tree}/alpha/"),
        (f"{tree}/alpha/deep", f"{tree}/alpha/"),
        (f"{tree}/alpha/loop", f"{tree}/alpha/"),
    ]
    assert answer(f"{sql} WHERE directory LIKE '{tree}/alpha-beta'") == [
        (f"{tree}/alpha-beta/d.conf", f"{tree}/alpha-beta")
    ]


def test_both_constraints_give_each_row_once(answer, tree) -> None:
    sql = "SELECT path FROM file"
    alpha = [(f"{tree}/alpha/a.conf",), (f"{tree}/alpha/deep",), (f"{tree}/alpha/loop",)]
    itself = (f"{tree}/alpha/",)
    assert answer(f"{sql} WHERE path LIKE '{tree}/%%' AND directory = '{tree}/alpha'") == [itself, *alpha]
    assert answer(f"{sql} WHERE path = '{tree}/alpha/a.conf' AND directory = '{tree}/alpha'") == alpha[:1]
    assert answer(f"{sql} WHERE path = '{tree}/alpha/' AND directory = '{tree}/alpha'") == [itself]
    assert answer(f"{sql} WHERE path LIKE '{tree}/al%' AND path LIKE '%/alpha/'") == [itself]
    assert answer(f"{sql} WHERE path = '{tree}/zero' OR directory = '{tree}/alpha'") == [(f"{tree}/zero",), *alpha]


def test_names_that_are_no_utf_8_are_shown_escaped_and_can_be_asked_for_as_shown(answer, tmp_path) -> None:
    raw = os.fsencode(tmp_path) + b"/caf\xe9"
    os.mkdir(raw)
    with open(raw + b"/\xff\xfe", "wb") as handle:
        handle.write(b"12")
    (tmp_path / "café").write_text("123")
    assert sorted(found(answer, tmp_path, "%%")) == ["caf\\xE9/", "caf\\xE9/\\xFF\\xFE", "café"]
    sql = "SELECT path, filename, size FROM file"
    shown = f"{tmp_path}/caf\\xE9/\\xFF\\xFE"
    assert answer(f"{sql} WHERE path = '{shown}'") == [(shown, "\\xFF\\xFE", 2)]
    assert answer(f"{sql} WHERE directory = '{tmp_path}/caf\\xE9'") == [(shown, "\\xFF\\xFE", 2)]
    assert answer(f"{sql} WHERE path LIKE '{tmp_path}/caf\\xE9/%'") == [(shown, "\\xFF\\xFE", 2)]
    joined = f"SELECT b.size FROM file a JOIN file b ON b.path = a.path WHERE a.directory = '{tmp_path}/caf\\xE9'"
    assert answer(joined) == [(2,)]


def test_paths_no_file_can_have_give_no_rows(answer) -> None:
    for path in ("/" + "x" * 10_000, "/x/" * 4000, "relative", "/proc/self/fd/99999", "\\xFF"):
        assert answer(f"SELECT * FROM file WHERE path = '{path}'") == []
        assert answer(f"SELECT * FROM file WHERE directory = '{path}'") == []
        assert answer(f"SELECT * FROM file WHERE path LIKE '{path}%'") == []
    assert answer("SELECT * FROM file WHERE path = '/etc' || char(0) || '/passwd'") == []


def test_trees_longer_than_the_kernel_takes_paths_do_not_stop_the_walk(answer, tmp_path) -> None:
    (tmp_path / "zz").touch()
    name = "n" * 200
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(50):
        os.mkdir(name, dir_fd=here)
        below = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    paths = found(answer, tmp_path, "%%")
    assert paths[-1] == "zz"
    assert 15 < len(paths) < 25
    subprocess.run(["rm", "-rf", str(tmp_path / name)], check=True)


def test_files_that_vanish_while_they_are_listed_are_left_out(tmp_path) -> None:
    for number in range(20):
        (tmp_path / f"{number:02}").touch()
    rows = iter(file.generators[1](Query(file, None, {"path": [("LIKE", f"{tmp_path}/%")]})))
    first = next(rows)
    for number in range(1, 19):
        (tmp_path / f"{number:02}").unlink()
    assert [row[2] for row in (first, *rows)] == ["00", "19"]


def test_directories_that_vanish_or_may_not_be_read_are_empty(tmp_path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "c").touch()
    rows = iter(file.generators[1](Query(file, frozenset({"path"}), {"path": [("LIKE", f"{tmp_path}/%%")]})))
    first = next(rows)
    shutil.rmtree(tmp_path / "a")
    assert [row[0].removeprefix(f"{tmp_path}/") for row in (first, *rows)] == ["a/", "c"]


def test_rows_are_made_one_at_a_time() -> None:
    rows = iter(file.generators[1](Query(file, frozenset({"path"}), {"path": [("LIKE", "/%%")]})))
    assert len([next(rows) for _ in range(10)]) == 10


def test_a_cancelled_search_ends(tmp_path) -> None:
    (tmp_path / "a/b/c").mkdir(parents=True)
    constraints = {"path": [("LIKE", f"{tmp_path}/%/%/%")]}
    assert list(file.generators[1](Query(file, None, constraints, cancelled=lambda: True))) == []  # type: ignore[arg-type]


def test_below_a_root_links_stay_below_it(answer, tmp_path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "data/sub").mkdir(parents=True)
    (tmp_path / "data/sub/f").write_text("123")
    (tmp_path / "etc/passwd").write_text("root of the image")
    (tmp_path / "absolute").symlink_to("/data")
    (tmp_path / "escape").symlink_to("../../../../../../etc/passwd")
    (tmp_path / "outside").symlink_to("/usr/bin")
    root = str(tmp_path)
    sql = "SELECT path, size, type, symlink FROM file"
    size = len("root of the image")
    assert answer(f"{sql} WHERE path = '/escape'", root) == [("/escape", size, "regular", 1)]
    assert answer(f"{sql} WHERE path = '/absolute/sub/f'", root) == [("/absolute/sub/f", 3, "regular", 0)]
    assert [(path, kind) for path, _, kind, _ in answer(f"{sql} WHERE path LIKE '/%'", root)] == [
        ("/absolute/", "directory"),
        ("/data/", "directory"),
        ("/escape", "regular"),
        ("/etc/", "directory"),
        ("/outside", "unknown"),
    ]
    assert [row[0] for row in answer(f"{sql} WHERE path LIKE '/absolute/%%'", root)] == [
        "/absolute/sub/",
        "/absolute/sub/f",
    ]
    assert [row[0] for row in answer(f"{sql} WHERE directory = '/absolute/sub'", root)] == ["/absolute/sub/f"]
    assert answer(f"{sql} WHERE path LIKE '/outside/%'", root) == []
