"""The readers of small files in /etc and /var, given garbage."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadline.linux import cron, dpkg, hosts, osrelease, passwd, services

LINES = st.lists(
    st.one_of(
        st.binary(max_size=30),
        st.from_regex(rb"[a-z+#-]{0,4}(:[0-9x]{0,11}){0,8}", fullmatch=True),
        st.from_regex(rb"(Package|Status|Version): [ -~]{0,10}", fullmatch=True),
        st.from_regex(rb"([0-9*@=#/a-z\"]{1,5}[ \t]){0,8}", fullmatch=True),
    ),
    max_size=12,
).map(b"\n".join)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("image")
    (root / "etc").mkdir()
    (root / "var/lib/dpkg").mkdir(parents=True)
    return root


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(data=LINES)
def test_no_content_makes_a_reader_fail(image: Path, data: bytes) -> None:
    for name in ("passwd", "group", "hosts", "services", "os-release", "redhat-release", "crontab"):
        (image / "etc" / name).write_bytes(data)
    (image / "var/lib/dpkg/status").write_bytes(data)
    root = str(image)
    for user in passwd.users(root):
        assert user.name
        assert 0 <= user.uid < 1 << 32
        assert 0 <= user.gid < 1 << 32
    for group in passwd.groups(root):
        assert 0 <= group.gid < 1 << 32
    assert all(address for address, _ in hosts.entries(root))
    assert all(0 <= service.port <= 99999 for service in services.entries(root))
    assert osrelease.read(root).platform == "rhel"
    assert all(job.command for job in cron.jobs(root))
    list(dpkg.packages(root, dpkg.ADMINDIR, ["Package", "Version", "Status"]))


@pytest.mark.parametrize(
    ("line", "job"),
    [
        ("*/5 * * * * user cmd  with   blanks", (None, ["*/5", "*", "*", "*", "*"], "user cmd with blanks")),
        ("@hourly cmd", ("@hourly", [None] * 5, "cmd")),
        ("@hourly", None),
        ("# * * * * * cmd", None),
        ("   ", None),
        ("NAME=a b c d e f g", None),
        ("NAME = a b c d e f g", None),
        ('"QUOTED"="a b c d e f"', None),
        ("0 0 * jan mon A=1 cmd", (None, ["0", "0", "*", "jan", "mon"], "A=1 cmd")),
        ("0 0 * * *", None),
    ],
)
def test_lines_of_crontabs(line: str, job: tuple[str | None, list[str | None], str] | None) -> None:
    found = cron.parse("/etc/crontab", line)
    assert (found and (found.event, found.times, found.command)) == job


@pytest.mark.parametrize(
    ("version", "revision"), [("1.0", ""), ("1.0-1", "1"), ("1:2-3-4ubuntu1", "4ubuntu1"), ("", ""), ("1-", "")]
)
def test_the_revision_follows_the_last_hyphen(version: str, revision: str) -> None:
    assert dpkg.revision(version) == revision
