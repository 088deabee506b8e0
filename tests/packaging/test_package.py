"""Packages: what is in them, and their life on a machine: installed, started, enrolled, upgraded, removed, purged."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = os.geteuid() == 0
ADDRESS = "https://127.0.0.1:{port}"


def package(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "leadline", "package", *arguments], capture_output=True, text=True, check=False
    )


def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path, Path]]:
    """A running server: its URL, the certificate to trust and the enroll secret's file."""
    data = tmp_path_factory.mktemp("server") / "data"
    screen = data.parent / "screen"
    with screen.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "leadline", "up", "--data", str(data), "--listen", "127.0.0.1:0"],
            stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT,
        )  # fmt: skip
    end = time.monotonic() + 60
    while "Leadline is up" not in screen.read_text():
        assert time.monotonic() < end, screen.read_text()
        assert process.poll() is None, screen.read_text()
        time.sleep(0.1)
    url = next(word for word in screen.read_text().split() if word.startswith("https://")).rstrip("/")
    yield url, data / "ca.pem", data / "agent" / "enroll_secret"
    process.terminate()
    process.wait(30)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Callable[..., subprocess.CompletedProcess[str]]]:
    """Runs shell commands on a machine like this one, in which changes stay: an overlay in a mount namespace."""
    if not ROOT or not shutil.which("unshare"):
        pytest.skip("needs root, who can mount an overlay")
    # not below /tmp of the root that is overlaid: an upper directory cannot be on an overlay itself
    top = Path(tempfile.mkdtemp(dir="/dev/shm"))
    subprocess.run(["mount", "-t", "tmpfs", "leadline-test", str(top)], check=True)
    for name in ("upper", "work", "root"):
        (top / name).mkdir()
    root = top / "root"
    mounted = subprocess.run(
        ["mount", "-t", "overlay", "overlay", "-o", f"lowerdir=/,upperdir={top}/upper,workdir={top}/work", str(root)],
        check=False,
    )
    if mounted.returncode:
        subprocess.run(["umount", str(top)], check=True)
        pytest.skip("no overlay file system here")
    for name in ("proc", "sys", "dev"):
        subprocess.run(["mount", "--rbind", f"/{name}", str(root / name)], check=True)
        subprocess.run(["mount", "--make-rslave", str(root / name)], check=True)
    (root / "usr/sbin/policy-rc.d").unlink(missing_ok=True)

    def run(script: str, *, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["chroot", str(root), "/bin/sh", "-ec", script], capture_output=True, text=True, timeout=110, check=False,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    run.root = root  # type: ignore[attr-defined]
    yield run
    run("[ ! -x /etc/init.d/leadline-agent ] || /etc/init.d/leadline-agent stop", check=False)
    for name in ("dev", "sys", "proc"):
        subprocess.run(["umount", "-l", str(root / name)], check=False)
    subprocess.run(["umount", "-l", str(root)], check=False)
    subprocess.run(["umount", "-l", str(top)], check=False)
    top.rmdir()


@pytest.mark.timeout(300)
def test_the_life_of_a_debian_package(
    server: tuple[str, Path, Path], machine: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    url, authority, secret = server
    options = ["--type=deb", f"--fleet-url={url}", f"--enroll-secret-file={secret}", f"--fleet-certificate={authority}"]
    root: Path = machine.root  # type: ignore[attr-defined]
    for version in ("1.0", "1.1"):
        made = package(*options, f"--version={version}", f"--output={tmp_path}/{version}.deb", "--flag=verbose=true")
        assert made.returncode == 0, made.stderr
        shutil.copy(tmp_path / f"{version}.deb", root / f"{version}.deb")
    assert (tmp_path / "1.0.deb").stat().st_mode & 0o077 == 0  # the secret is in it

    machine("dpkg -i /1.0.deb")
    first = (root / "run/leadline/agent.pid").read_text()
    assert Path(f"/proc/{first}/comm").read_text() == "leadline-watch\n"
    assert (root / "etc/leadline/enroll_secret").stat().st_mode & 0o777 == 0o600
    assert (root / "etc/leadline/enroll_secret").read_text() == secret.read_text()
    dump = "/opt/leadline/bin/leadline agent --database_dump --database_path=/var/lib/leadline/database"
    end = time.monotonic() + 60
    while "configurations[nodeKey]: (secret)" not in machine(dump, check=False).stdout:
        assert time.monotonic() < end, machine("cat /var/log/leadline/* /var/log/syslog", check=False).stdout
        time.sleep(0.5)
    answered = machine("/opt/leadline/bin/osqueryi --json 'SELECT count(*) > 5 AS some FROM processes'").stdout
    assert '{"some":"1"}' in answered
    assert "leadline-agent is running" in machine("/etc/init.d/leadline-agent status").stdout

    with (root / "etc/leadline/agent.flags").open("a") as flags:
        flags.write("# mine\n")
    machine("dpkg -i /1.1.deb")
    second = (root / "run/leadline/agent.pid").read_text()
    assert second != first
    assert not Path(f"/proc/{first}").exists()
    assert (root / "etc/leadline/agent.flags").read_text().endswith("# mine\n")

    machine("dpkg -r leadline-agent")
    assert not Path(f"/proc/{second}").exists()
    assert not (root / "opt/leadline").exists()
    assert (root / "etc/leadline/agent.flags").exists()
    assert (root / "var/lib/leadline/database").exists()
    machine("dpkg -P leadline-agent")
    for path in ("etc/leadline", "var/lib/leadline", "var/log/leadline", "etc/init.d/leadline-agent"):
        assert not (root / path).exists()


def test_an_rpm_package_holds_the_same(tmp_path: Path) -> None:
    if not shutil.which("rpmbuild"):
        pytest.skip("needs rpmbuild")
    authority = tmp_path / "ca.pem"
    authority.write_text("-----BEGIN CERTIFICATE-----\n")
    options = ["--fleet-url=https://fleet.example:8412", "--enroll-secret=s3cret", f"--fleet-certificate={authority}"]
    made = package("--type=rpm", *options, f"--output={tmp_path}")
    assert made.returncode == 0, made.stderr
    path = made.stdout.strip()
    listing = output(
        "rpm", "-qp", "--qf", "[%{FILENAMES} %{FILEMODES:octal} %{FILEUSERNAME} %{FILEFLAGS:fflags}\n]", path
    )
    lines = dict(line.split(" ", 1) for line in listing.splitlines())
    assert lines["/etc/leadline/enroll_secret"].startswith("100600 root cn")
    assert lines["/opt/leadline/bin/leadline"].startswith("100755 root")
    assert f"/usr/bin/python3.{sys.version_info.minor}" in output("rpm", "-qp", "--requires", path).splitlines()
    assert "systemctl restart leadline-agent.service" in output("rpm", "-qp", "--scripts", path)
    again = package("--type=deb", *options, f"--output={tmp_path}/a.deb")
    assert again.returncode == 0
    names = {line.split()[5].removeprefix(".") for line in output("dpkg-deb", "-c", f"{tmp_path}/a.deb").splitlines()}
    assert {name for name in names if not name.endswith("/")} == set(lines)
    assert not any("/leadline/server/" in name or "/sqlalchemy/" in name for name in names)


def test_without_rpmbuild_the_error_says_what_is_missing(tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_text("-----BEGIN CERTIFICATE-----\n")
    made = subprocess.run(
        [sys.executable, "-m", "leadline", "package", "--type=rpm", "--fleet-url=https://fleet.example",
         "--enroll-secret=s", f"--fleet-certificate={authority}", f"--output={tmp_path}/a.rpm"],
        capture_output=True, text=True, check=False, env={**os.environ, "PATH": str(tmp_path)},
    )  # fmt: skip
    assert made.returncode == 1
    assert made.stderr == (
        "leadline package: rpmbuild is not installed; it comes with the package rpm (Debian) or rpm-build (Fedora)\n"
    )
    assert [entry.name for entry in tmp_path.iterdir()] == ["ca.pem"]


def test_bad_options_are_one_sentence(tmp_path: Path) -> None:
    good = tmp_path / "ca.pem"
    good.write_text("-----BEGIN CERTIFICATE-----\n")
    (tmp_path / "empty").write_text("\n")
    for change, sentence in (
        ("--fleet-url=http://fleet", "'http://fleet' is no address of a server"),
        (f"--fleet-certificate={tmp_path}/empty", "holds no certificate in PEM"),
        (f"--fleet-certificate={tmp_path}/none", "No such file or directory"),
        ("--version=x y", "'x y' is no version of a package"),
    ):
        options = ["--fleet-url=https://fleet", "--enroll-secret=s", f"--fleet-certificate={good}", change]
        made = package("--type=deb", *options, f"--output={tmp_path}/a.deb")
        assert made.returncode == 1
        assert sentence in made.stderr
        assert made.stderr.count("\n") == 1
    assert not (tmp_path / "a.deb").exists()


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("needs systemd")
    from leadline.packaging import service

    unit = tmp_path / "leadline-agent.service"
    unit.write_text(service.SYSTEMD.replace(f"{service.HOME}/bin/python3", sys.executable))
    checked = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert [line for line in checked.stderr.splitlines() if "leadline" in line] == []
