from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadline.agent import buffer
from leadline.agent.forward import Stream
from leadline.agent.state import State
from leadline.plugins.errors import PluginError, UnusableError
from leadline.plugins.kinds import Status
from leadline.plugins.logger import glog, rotation
from leadline.plugins.logger.filesystem import Filesystem

LINES = ['{"a":"1"}', '{"a":"é"}', '{"a":"3"}']
CONTENT = "".join(line + "\n" for line in LINES).encode()


@pytest.fixture
def logger(surroundings: Any, tmp_path: Path) -> Filesystem:
    surroundings.set(logger_path=tmp_path / "log")
    made = Filesystem(surroundings)
    made.start()
    return made


def results(logger: Filesystem) -> Path:
    return Path(logger.directory) / "osqueryd.results.log"


def test_results_and_snapshots_have_files_with_the_mode_of_the_flag(logger: Filesystem) -> None:
    logger.send("result", LINES, logger.mark("result"))
    logger.send("snapshot", LINES[:1], logger.mark("snapshot"))
    assert results(logger).read_bytes() == CONTENT
    assert (Path(logger.directory) / "osqueryd.snapshots.log").read_text() == LINES[0] + "\n"
    assert stat.S_IMODE(results(logger).stat().st_mode) == 0o640


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.integers(0, len(CONTENT)))
def test_a_delivery_that_was_cut_short_at_any_byte_is_completed_once(logger: Filesystem, cut: int) -> None:
    path = results(logger)
    path.write_bytes(b'{"before":"1"}\n')
    receipt = logger.mark("result")
    with path.open("ab") as file:
        file.write(CONTENT[:cut])
    receipt = logger.send("result", LINES, receipt)
    logger.send("result", ['{"a":"4"}'], receipt)
    assert path.read_bytes() == b'{"before":"1"}\n' + CONTENT + b'{"a":"4"}\n'


def test_a_larger_delivery_that_was_cut_short_is_recognised_in_smaller_batches(logger: Filesystem) -> None:
    receipt = logger.mark("result")
    results(logger).write_bytes(CONTENT)
    for line in LINES:
        receipt = logger.send("result", [line], receipt)
    assert results(logger).read_bytes() == CONTENT


def test_what_somebody_else_wrote_stays_and_lines_begin_on_their_own(logger: Filesystem) -> None:
    receipt = logger.mark("result")
    results(logger).write_bytes(b"something else")
    logger.send("result", LINES, receipt)
    assert results(logger).read_bytes() == b"something else\n" + CONTENT


def test_a_file_that_was_moved_or_truncated_is_begun_anew(logger: Filesystem) -> None:
    receipt = logger.send("result", LINES, logger.mark("result"))
    results(logger).rename(results(logger).with_suffix(".1"))
    receipt = logger.send("result", LINES, receipt)
    assert results(logger).read_bytes() == CONTENT
    os.truncate(results(logger), 0)
    logger.send("result", LINES[:1], receipt)
    assert results(logger).read_text() == LINES[0] + "\n"


def test_a_full_disk_is_a_failure_that_loses_nothing(logger: Filesystem) -> None:
    logger.start()
    results(logger).unlink()
    results(logger).symlink_to("/dev/full")
    with pytest.raises(PluginError, match="No space left on device"):
        logger.send("result", LINES, "")


def test_a_directory_that_cannot_be_written_is_unusable(surroundings: Any, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    surroundings.set(logger_path=tmp_path / "file" / "log")
    with pytest.raises(UnusableError, match="Cannot write logs to"):
        Filesystem(surroundings).start()


@pytest.mark.parametrize("text", ["", "rw", "0", "99999", "0888"])
def test_a_mode_that_is_none_keeps_the_agent_from_starting(surroundings: Any, tmp_path: Path, text: str) -> None:
    surroundings.set(logger_path=tmp_path, logger_mode=text)
    with pytest.raises(UnusableError, match="--logger_mode"):
        Filesystem(surroundings).start()


def test_status_messages_go_to_the_files_of_their_severity_and_below(logger: Filesystem) -> None:
    logger.status(Status(0, "init.py", 410, "hello", 1795500381.123456, 77))
    logger.status(Status(2, "init.py", 411, "trouble", 1795500382.0, 77))
    logger.close()
    directory = Path(logger.directory)
    info = (directory / "osqueryd.INFO").read_text().splitlines()
    assert info[-2:] == [
        "I1124 06:06:21.123456 77 init.py:410] hello",
        "E1124 06:06:22.000000 77 init.py:411] trouble",
    ]
    assert (directory / "osqueryd.ERROR").read_text().splitlines()[-1].endswith("trouble")
    assert "hello" not in (directory / "osqueryd.WARNING").read_text()
    assert (directory / "osqueryd.INFO").readlink() == Path(f"osqueryd.INFO.20261124-060621.{os.getpid()}")


def content_of(path: Path) -> bytes:
    return (
        zstandard.ZstdDecompressor().stream_reader(path.read_bytes()).read()
        if path.suffix == ".zst"
        else path.read_bytes()
    )


def test_full_files_are_rotated_the_second_and_older_ones_packed(surroundings: Any, logger: Filesystem) -> None:
    surroundings.set(logger_rotate="true", logger_rotate_size=20, logger_rotate_max_files=3)
    receipt = logger.mark("result")
    sent = [f'{{"number":"{number}"}}' for number in range(6)]
    for line in sent:
        receipt = logger.send("result", [line, line], receipt)
    names = sorted(path.name for path in Path(logger.directory).iterdir())
    assert names == [f"osqueryd.results.log{end}" for end in ("", ".1", ".2.zst", ".3.zst")]
    assert results(logger).read_bytes() == b""
    for number, line in ((1, sent[5]), (2, sent[4]), (3, sent[3])):
        path = Path(f"{results(logger)}.{number}{'.zst' if number > 1 else ''}")
        assert content_of(path) == f"{line}\n{line}\n".encode()
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
    logger.send("result", LINES, receipt)
    assert content_of(Path(f"{results(logger)}.1")) == CONTENT


def test_files_grow_while_rotation_is_off(surroundings: Any, logger: Filesystem) -> None:
    surroundings.set(logger_rotate_size=5)
    logger.send("result", LINES, logger.send("result", LINES, logger.mark("result")))
    assert results(logger).read_bytes() == CONTENT * 2
    assert len(list(Path(logger.directory).iterdir())) == 1


def test_what_was_delivered_before_a_rotation_is_not_delivered_again(surroundings: Any, logger: Filesystem) -> None:
    """The process ended after the rotation and before the receipt was kept; logrotate may have been the one as well."""
    receipt = logger.mark("result")
    results(logger).write_bytes(CONTENT)
    rotation.rotate(str(results(logger)), 3)
    receipt = logger.send("result", LINES, receipt)
    assert results(logger).read_bytes() == b""
    logger.send("result", ['{"next":""}'], receipt)
    assert results(logger).read_bytes() == b'{"next":""}\n'


@pytest.mark.parametrize("packed", [False, True])
def test_a_rotation_that_was_cut_short_is_completed_by_the_next_one(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "log"
    for number in range(3):
        path.write_text(str(number))
        rotation.rotate(str(path), 9)
    if packed:  # and the plain one not removed yet
        (tmp_path / "log.2").write_bytes(content_of(tmp_path / "log.2.zst"))
    else:  # what was .1 has become .2, and nothing has become .1
        (tmp_path / "log.3.zst").rename(tmp_path / "log.4.zst")
        (tmp_path / "log.2.zst").rename(tmp_path / "log.3.zst")
        (tmp_path / "log.1").rename(tmp_path / "log.2")
    (tmp_path / "log.2.zst.new").write_text("half")
    path.write_text("4")
    rotation.rotate(str(path), 9)
    assert {found.name: content_of(found) for found in tmp_path.iterdir()} == {
        "log.1": b"4", "log.2.zst": b"2", "log.3.zst": b"1", "log.4.zst": b"0",
    }  # fmt: skip


def test_the_mode_of_a_rotated_file_is_the_one_it_had(surroundings: Any, tmp_path: Path) -> None:
    path = tmp_path / "log"
    for _ in range(3):
        path.write_text("x")
        path.chmod(0o604)
        rotation.rotate(str(path), 5)
    assert [stat.S_IMODE(found.stat().st_mode) for found in tmp_path.iterdir()] == [0o604] * 3


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 128 KiB."""
    path = tmp_path / "disk"
    path.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "none", path], check=False).returncode:
        pytest.skip("file systems cannot be mounted here")
    yield path
    subprocess.run(["umount", path], check=True)


def test_a_disk_that_gets_full_and_has_room_again_loses_and_repeats_nothing(
    surroundings: Any, small_disk: Path
) -> None:
    surroundings.set(logger_path=small_disk / "log")
    logger = Filesystem(surroundings)
    logger.start()
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * 80_000)
    state = State(None)
    sent = [f'{{"number":"{number}","pad":"{"p" * (number * 37 % 700)}"}}' for number in range(150)]
    buffer.add(state, ["filesystem"], "result", sent)
    stream = Stream(state, surroundings.flags, "filesystem", logger, "result")
    while stream.deliver():
        pass
    assert stream.failures == 1
    assert 0 < results(logger).stat().st_size < sum(map(len, sent))
    logger.status(Status(2, "a.py", 1, "while full", 1795500381.0, 1))
    while stream.failures < 4:  # smaller batches may find that they have been written
        stream.deliver()
    filler.unlink()
    while stream.deliver():
        pass
    assert results(logger).read_text().splitlines() == sent
    assert buffer.waiting(state, "filesystem") == 0
    logger.status(Status(2, "a.py", 2, "room again", 1795500382.0, 1))
    logger.close()
    told = (small_disk / "log" / "osqueryd.ERROR").read_text()
    assert told.count("while full") == told.count("room again") == 1
    state.close()


def test_a_rotation_that_finds_the_disk_full_loses_nothing(surroundings: Any, small_disk: Path) -> None:
    surroundings.set(logger_path=small_disk, logger_rotate="true", logger_rotate_size=30_000, logger_rotate_max_files=9)
    logger = Filesystem(surroundings)
    logger.start()
    receipt = logger.mark("result")
    random = Random(7)
    sent = []
    for _ in range(11):
        line = "".join(random.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=10_000))
        sent.append(line)
        receipt = logger.send("result", [line], receipt)
    kept = b""
    for path in sorted(small_disk.iterdir(), key=lambda path: path.name, reverse=True):
        kept += content_of(path)
    assert sorted(kept.decode().split()) == sorted(sent)


def test_a_status_file_that_was_removed_is_begun_anew(logger: Filesystem) -> None:
    logger.status(Status(0, "a.py", 1, "first", 1795500381.0, 1))
    for path in Path(logger.directory).glob("osqueryd.INFO*"):
        path.unlink()
    logger.status(Status(0, "a.py", 2, "second", 1795500382.0, 1))
    logger.close()
    assert (Path(logger.directory) / "osqueryd.INFO").read_text().splitlines()[-1].endswith("second")


def test_a_full_status_file_is_followed_by_another_and_old_ones_go(surroundings: Any, logger: Filesystem) -> None:
    surroundings.set(logger_rotate="true", logger_rotate_max_files=2)
    message = "x" * (glog.MAX_SIZE // 2 + 1)
    for second in range(10):
        logger.status(Status(0, "a.py", 1, message, 1795500381.0 + second, 1))
    logger.close()
    names = sorted(path.name for path in Path(logger.directory).glob("osqueryd.INFO.*"))
    pid = os.getpid()
    assert names == [f"osqueryd.INFO.20261124-0606{second}.{pid}" for second in (25, 27, 29)]
    assert (Path(logger.directory) / "osqueryd.INFO").readlink() == Path(names[-1])
    head = (Path(logger.directory) / "osqueryd.INFO").read_text()[:200].splitlines()
    assert head[0] == "Log file created at: 2026/11/24 06:06:29"
    assert head[2] == "Log line format: [IWEF]mmdd hh:mm:ss.uuuuuu threadid file:line] msg"
    assert stat.S_IMODE((Path(logger.directory) / "osqueryd.INFO").stat().st_mode) == 0o640


def test_messages_of_one_second_share_a_file_even_when_it_is_full(logger: Filesystem) -> None:
    for _ in range(5):
        logger.status(Status(0, "a.py", 1, "x" * (glog.MAX_SIZE // 2 + 1), 1795500381.0, 1))
    logger.close()
    (path,) = Path(logger.directory).glob("osqueryd.INFO.*")
    assert path.read_text().count("Log file created") == 1
