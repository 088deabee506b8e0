from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadline.plugins.errors import PluginError, UnusableError
from leadline.plugins.kinds import Status
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
