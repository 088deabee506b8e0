from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from threading import Event
from time import monotonic, thread_time, time
from typing import Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadline.agent.carving import archive, collect
from leadline.agent.carving.archive import Archive
from leadline.agent.carving.errors import ARCHIVE_FAILED, CREATE_PATHS_FAILED, CarveError, StoppedError
from leadline.agent.carving.pace import Pace
from leadline.agent.carving.records import Wanted
from leadline.agent.carving.sink import Sink


class Made:
    """An archive that a test fills and then reads."""

    def __init__(self, path: Path, limit: int = 0, *, compress: bool = False) -> None:
        self.path = path
        self.rests: list[Callable[[], None]] = []
        self.sink = Sink(str(path), limit, compress=compress, rest=self.rest)
        self.archive = Archive(self.sink)

    def rest(self) -> None:
        if self.rests:
            self.rests.pop(0)()

    def add(self, *paths: str | Path) -> None:
        for path in paths:
            self.archive.add(str(path))

    def finish(self) -> dict[str, bytes]:
        """The members' contents by name, without the list of problems, which is checked to be the last."""
        self.archive.finish("GUID", {"request_id": "r"}, time)
        self.sink.close()
        data = self.path.read_bytes()
        assert len(data) == self.sink.size
        if self.sink.compressor is not None:
            data = zstandard.ZstdDecompressor().stream_reader(data).read()
        with tarfile.open(fileobj=BytesIO(data)) as tar:
            self.members = tar.getmembers()
            found = {member.name: extracted(tar, member) for member in self.members}
        assert self.members[-1].name == "carve_GUID.json"
        self.listing = json.loads(found.pop("carve_GUID.json"))
        return found

    def problems(self) -> dict[str, str]:
        return {problem["path"]: problem["reason"] for problem in self.listing["problems"]}


def extracted(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    assert file is not None
    return file.read()


def name(path: Path) -> str:
    return str(path).lstrip("/")


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    one = Made(tmp_path / "archive")
    yield one
    one.sink.close()


def test_files_are_packed_as_they_are_and_what_is_none_is_listed(made: Made, tmp_path: Path) -> None:
    folder = tmp_path / "f"
    folder.mkdir()
    (folder / "a").write_bytes(b"content")
    (folder / "a").chmod(0o4751)
    os.utime(folder / "a", ns=(1_500_000_000_250_000_000, 1_400_000_000_500_000_000))
    (folder / "empty").touch()
    (folder / "large").write_bytes(os.urandom(archive.SMALL + 1))
    (folder / "link").symlink_to("a")
    (folder / "nowhere").symlink_to("missing")
    os.mkfifo(folder / "pipe")
    made.add(
        *(folder / one for one in ("a", "empty", "large", "link", "nowhere", "pipe")), folder, "/nul\0", "/dev/null"
    )
    found = made.finish()
    assert found == {
        name(folder / "a"): b"content",
        name(folder / "empty"): b"",
        name(folder / "large"): (folder / "large").read_bytes(),
        name(folder / "link"): b"content",
    }
    assert all(member.isreg() for member in made.members)
    first = made.members[0]
    assert (first.mode, first.uid, first.gid, first.mtime) == (0o4751, os.getuid(), os.getgid(), 1_400_000_000.5)
    assert float(first.pax_headers["atime"]) == 1_500_000_000.25
    assert made.problems() == {
        str(folder / "nowhere"): "No such file or directory",
        str(folder / "pipe"): "is no regular file",
        str(folder): "is a directory: carve what is in it by a pattern that ends in /%%",
        "/nul\0": "no file can have this name",
        "/dev/null": "is no regular file",
    }
    assert (made.listing["request_id"], made.listing["files"]) == ("r", 4)
    assert made.listing["bytes"] == 14 + archive.SMALL + 1
    assert made.path.stat().st_mode & 0o777 == 0o600


def test_the_time_of_the_last_access_stays(made: Made, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x")
    os.utime(path, ns=(10**18, 2 * 10**18))
    made.add(path)
    assert path.stat().st_atime_ns == 10**18


def test_names_of_any_bytes_are_kept(made: Made, tmp_path: Path) -> None:
    names = [b"100%", b"a%%b", b"\xff\xfe bad", "é".encode(), b"n" * 200, b"new\nline", b'"quoted"']
    for one in names:
        (tmp_path / os.fsdecode(one)).write_bytes(one)
    made.add(*(tmp_path / os.fsdecode(one) for one in names))
    assert made.finish() == {name(tmp_path / os.fsdecode(one)): one for one in names}
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    subprocess.run(["tar", "xf", made.path, "-C", unpacked], check=True, stderr=subprocess.DEVNULL)
    found = {os.fsencode(path.name) for path in (unpacked / name(tmp_path)).iterdir()}
    assert found == set(names)


def test_files_of_proc_have_what_they_say_and_not_their_size(made: Made) -> None:
    made.add("/proc/self/environ", "/proc/self/mem")
    assert made.finish() == {"proc/self/environ": Path("/proc/self/environ").read_bytes()}
    assert made.problems() == {"/proc/self/mem": "cannot be read: Input/output error"}


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_listed(made: Made, tmp_path: Path) -> None:
    (tmp_path / "secret").touch(mode=0)
    made.add(tmp_path / "secret")
    assert made.finish() == {}
    assert made.problems() == {str(tmp_path / "secret"): "Permission denied"}


def test_a_file_that_shrinks_is_filled_up_and_the_next_one_is_whole(made: Made, tmp_path: Path) -> None:
    path = tmp_path / "shrinks"
    path.write_bytes(b"x" * (3 * archive.PIECE))
    (tmp_path / "next").write_bytes(b"next")
    made.rests = [lambda: None, lambda: os.truncate(path, archive.PIECE + 10)]
    made.add(path, tmp_path / "next")
    found = made.finish()
    assert found[name(path)] == b"x" * (archive.PIECE + 10) + bytes(2 * archive.PIECE - 10)
    assert found[name(tmp_path / "next")] == b"next"
    reason = f"shrank while it was read: zeros from byte {archive.PIECE + 10}"
    assert made.problems() == {str(path): reason}


def test_of_a_file_that_grows_the_first_part_is_taken(made: Made, tmp_path: Path) -> None:
    path = tmp_path / "grows"
    path.write_bytes(b"x" * (2 * archive.PIECE + 1))

    def grow() -> None:
        with path.open("ab") as file:
            file.write(b"y" * archive.PIECE)

    made.rests = [grow, grow, grow]
    made.add(path)
    assert made.finish() == {name(path): b"x" * (2 * archive.PIECE + 1)}
    reason = f"grew while it was read: these are the first {2 * archive.PIECE + 1} bytes"
    assert made.problems() == {str(path): reason}


def test_a_file_that_vanishes_while_it_is_read_is_whole(made: Made, tmp_path: Path) -> None:
    path = tmp_path / "vanishes"
    path.write_bytes(b"x" * (2 * archive.PIECE))
    made.rests = [path.unlink]
    made.add(path, path)
    assert made.finish() == {name(path): b"x" * (2 * archive.PIECE)}
    assert made.problems() == {str(path): "No such file or directory"}


def test_what_does_not_fit_is_left_out_and_smaller_files_are_not(tmp_path: Path) -> None:
    made = Made(tmp_path / "archive", 2 << 20)
    for one, size in (("a", 1 << 20), ("b", 1 << 20), ("c", 100_000), ("d", 200_000)):
        (tmp_path / one).write_bytes(b"x" * size)
        made.add(tmp_path / one)
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1 << 40)
    made.add(tmp_path / "sparse")
    made.archive.finish("GUID", {}, time)
    made.sink.close()
    with tarfile.open(made.path) as tar:
        members = {Path(member.name).name: member.size for member in tar}
    assert members.pop("carve_GUID.json") > 0
    assert members == {"a": 1 << 20, "c": 100_000, "d": 200_000, "sparse": 1 << 40}
    (problem,) = made.archive.problems
    assert problem.path == str(tmp_path / "b")
    assert problem.reason.startswith("left out: its 1048576 bytes do not fit (--carver_disk_limit is 2 MiB, ")
    assert made.path.stat().st_size < 2 << 20


def test_a_list_of_problems_has_an_end(made: Made, tmp_path: Path) -> None:
    made.add(*(tmp_path / str(number) for number in range(archive.MOST_PROBLEMS + 7)))
    made.finish()
    assert (len(made.listing["problems"]), made.listing["problems_left_out"]) == (archive.MOST_PROBLEMS, 7)


def test_a_packed_archive_holds_the_same(tmp_path: Path) -> None:
    made = Made(tmp_path / "archive", compress=True)
    (tmp_path / "a").write_bytes(b"x" * 3_000_000)
    made.add(tmp_path / "a")
    assert made.finish() == {name(tmp_path / "a"): b"x" * 3_000_000}
    assert made.path.stat().st_size < 10_000


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parts=st.lists(st.tuples(st.integers(0, 2000), st.integers(1, 20_000)), max_size=6),
    end=st.integers(0, 9 << 20),
)
def test_sparse_files_come_back_whatever_their_holes(tmp_path: Path, parts: list[tuple[int, int]], end: int) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        for block, length in parts:
            file.seek(block * 4096)
            file.write(b"%d" % block * length)
        file.truncate(max(end, file.seek(0, 2)))
    made = Made(tmp_path / "archive")
    made.add(path, "/proc/self/comm")
    found = made.finish()
    assert found.pop("proc/self/comm")
    assert found == {name(path): path.read_bytes()}


def test_many_holes_are_told_apart_up_to_a_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_PARTS", 5)
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        for number in range(20):
            file.seek(number << 20)
            file.write(b"part %d" % number)
    made = Made(tmp_path / "archive")
    made.add(path)
    assert made.finish() == {name(path): path.read_bytes()}


MEASURED = """
import resource, sys
from leadline.agent.carving.archive import Archive
from leadline.agent.carving.sink import Sink
def grow(*paths):
    sink = Sink(sys.argv[1], 0, compress=False, rest=lambda: None)
    archive = Archive(sink)
    for path in paths:
        archive.add(path)
    archive.finish("GUID", {}, lambda: 0)
    sink.close()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
small = grow("/proc/self/comm")
print(grow(*sys.argv[2:]) - small)
"""


def test_large_files_take_no_more_memory_than_small_ones(tmp_path: Path) -> None:
    sparse, full = tmp_path / "sparse", tmp_path / "full"
    with sparse.open("wb") as file:
        file.truncate(700 << 20)
        for number in range(40):
            file.seek(number * (16 << 20))
            file.write(b"x" * 100_000)
    full.write_bytes(bytes(range(256)) * (1 << 19))
    packed = tmp_path / "archive"
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, packed, sparse, full], check=True, capture_output=True, text=True
    )
    assert int(done.stdout) < 8 << 10  # KiB
    assert packed.stat().st_size < (128 + 8) << 20
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    subprocess.run(["tar", "xf", packed, "-C", unpacked], check=True)
    for path in (sparse, full):
        subprocess.run(["cmp", path, unpacked / name(path)], check=True)


def test_a_sink_that_cannot_be_made_or_filled_fails(tmp_path: Path) -> None:
    with pytest.raises(CarveError, match=r"cannot write .*: Is a directory") as caught:
        Sink(str(tmp_path), 0, compress=False, rest=lambda: None)
    assert caught.value.status == CREATE_PATHS_FAILED
    full = Sink("/dev/full", 0, compress=False, rest=lambda: None)
    with pytest.raises(CarveError, match="No space left on device") as caught:
        full.write(b"x")
    full.close()
    assert caught.value.status == ARCHIVE_FAILED


def paths(*patterns: tuple[str, str], names: tuple[str, ...] = ()) -> list[str]:
    return list(collect.paths(Wanted(names, patterns), lambda: False))


def test_patterns_find_files_and_all_of_them_hold(tmp_path: Path) -> None:
    for one in ("a.conf", "b.CONF", "c.txt", "d_e", "dxe", "sub/f.conf", "sub/deep/g.conf"):
        (tmp_path / one).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / one).touch()
    base = str(tmp_path)
    assert paths(("LIKE", f"{base}/%.conf")) == [f"{base}/a.conf"]
    assert paths(("LIKE", f"{base}/sub/%%")) == [
        f"{base}/sub/deep/", f"{base}/sub/deep/g.conf", f"{base}/sub/f.conf",
    ]  # fmt: skip
    assert paths(("LIKE", f"{base}/%%"), ("LIKE", "%.conf")) == [
        f"{base}/a.conf", f"{base}/b.CONF", f"{base}/sub/deep/g.conf", f"{base}/sub/f.conf",
    ]  # fmt: skip
    assert paths(("LIKE", f"{base}/%%"), ("GLOB", "*.conf")) == [
        f"{base}/a.conf", f"{base}/sub/deep/g.conf", f"{base}/sub/f.conf",
    ]  # fmt: skip
    assert paths(("GLOB", f"{base}/[^abs]*")) == [f"{base}/c.txt", f"{base}/d_e", f"{base}/dxe"]
    assert paths(("LIKE", f"{base}/d_e")) == [f"{base}/d_e"]
    assert paths(names=(f"{base}/a.conf", f"{base}/missing")) == [f"{base}/a.conf", f"{base}/missing"]
    assert paths(("LIKE", "%.txt"), names=(f"{base}/a.conf",)) == []


def test_names_that_answers_show_are_found_again(tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"\xff%%\xfe")
    odd.write_bytes(b"odd")
    assert paths(names=(f"{tmp_path}/\\xFF%%\\xFE",)) == [str(odd)]
    assert paths(("LIKE", f"{tmp_path}/%")) == [str(odd)]
    assert paths(("LIKE", f"{tmp_path}/%"), ("LIKE", "%\\xFF%")) == [str(odd)]


@settings(max_examples=200, deadline=None)
@given(
    operator=st.sampled_from(("LIKE", "GLOB")),
    text=st.text(st.sampled_from("aB%_*?./é"), max_size=8),
    path=st.text(st.sampled_from("aAbB%./éÉ\n"), max_size=8),
)
def test_patterns_hold_where_sqlite_says_so(operator: str, text: str, path: str) -> None:
    import apsw

    expected = apsw.Connection(":memory:").execute(f"SELECT ? {operator} ?", (path, text)).fetchall()[0][0]
    assert collect.fits(operator, text)(path) == bool(expected)


def test_a_pace_keeps_to_its_share_and_ends_with_the_agent() -> None:
    stopping = Event()
    pace = Pace(0.2, stopping)
    began, used = monotonic(), thread_time()
    while thread_time() - used < 0.2:
        sum(range(20_000))
        pace.rest()
    assert monotonic() - began > 0.6
    stopping.set()
    with pytest.raises(StoppedError):
        pace.rest()


def test_a_pace_without_a_share_does_not_wait(monkeypatch: Any) -> None:
    stopping = Event()
    monkeypatch.setattr(stopping, "wait", lambda _: pytest.fail("it waited"))
    pace = Pace(0.0, stopping)
    for _ in range(100):
        sum(range(10_000))
        pace.rest()
