"""The log file: whole lines, on disk before they are acknowledged."""

from __future__ import annotations

import asyncio
import resource
import signal
from pathlib import Path

import pytest

from leadline.server.errors import UnavailableError
from leadline.server.logs.file import FileDestination


def test_lines_of_many_requests_arrive_whole(tmp_path: Path) -> None:
    path = tmp_path / "log"

    async def scenario() -> None:
        destination = FileDestination(str(path))
        lines = [[f"{request}-{n}".encode() * 50 for n in range(5)] for request in range(100)]
        await asyncio.gather(*(destination.append(group) for group in lines))
        await destination.append([])
        await destination.close()

    asyncio.run(scenario())
    written = path.read_bytes().splitlines()
    assert len(written) == 500
    assert sorted(written) == sorted(f"{request}-{n}".encode() * 50 for request in range(100) for n in range(5))


def test_a_rotated_file_is_opened_anew(tmp_path: Path) -> None:
    path = tmp_path / "log"

    async def scenario() -> None:
        destination = FileDestination(str(path))
        await destination.append([b"1"])
        path.rename(tmp_path / "log.1")
        await destination.append([b"2"])
        await destination.close()

    asyncio.run(scenario())
    assert (tmp_path / "log.1").read_bytes() == b"1\n"
    assert path.read_bytes() == b"2\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_full_disk_leaves_no_half_line(tmp_path: Path) -> None:
    path = tmp_path / "log"

    async def scenario() -> None:
        destination = FileDestination(str(path))
        await destination.append([b"kept"])
        # A limit on the size of files is what a full disk looks like: part of a write goes through, then an error.
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(b"kept\n") + 10, before[1]))
        try:
            with pytest.raises(UnavailableError, match="cannot be written"):
                await destination.append([b"x" * 100])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            signal.signal(signal.SIGXFSZ, handler)
        assert path.read_bytes() == b"kept\n"
        await destination.append([b"later"])
        await destination.close()

    asyncio.run(scenario())
    assert path.read_bytes() == b"kept\nlater\n"


def test_more_than_may_wait_is_refused(tmp_path: Path) -> None:
    async def scenario() -> None:
        destination = FileDestination(str(tmp_path / "log"))
        with pytest.raises(UnavailableError, match="more log lines"):
            await destination.append([b"x" * (65 << 20)])
        await destination.close()

    asyncio.run(scenario())
