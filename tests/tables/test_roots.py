"""Four distributions, each a captured file system under tests/roots, asked through ``--root``."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from leadline.catalogue.index import ALIASES, TABLES
from leadline.sql.engine import PLATFORM, Engine
from leadline.sql.schema import Table

ROOTS = Path(__file__).parents[1] / "roots"
DISTRIBUTIONS = ("debian12", "ubuntu2404", "fedora41", "alpine320")


def declared(name: str) -> Table:
    table = getattr(import_module(TABLES[name]), name)
    assert isinstance(table, Table)
    return table


def answers(name: str) -> bool:
    """Whether a table has something to say of an image and needs no constraint for it."""
    table = declared(name)
    required = any(column.required for column in table.columns)
    return PLATFORM in table.generators and not table.attributes & {"live", "events"} and not required


READ = [name for name in TABLES if answers(name)]


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_every_table_answers_without_an_error_or_a_warning(distribution: str) -> None:
    said: list[tuple[str, ...]] = []
    with Engine(
        tables=TABLES,
        aliases=ALIASES,
        root=str(ROOTS / distribution),
        strict=True,
        warn=lambda table, message: said.append((table, message)),
        log=lambda severity, message: said.append((str(severity), message)),
    ) as engine:
        for name in READ:
            assert len(list(engine.query(f"SELECT * FROM {name}"))) < 20_000, name
    assert not said, said


FACTS: list[tuple[str, str, list[tuple[Any, ...]]]] = [
    ("debian12", "SELECT name, version, major, minor, platform, codename FROM os_version", [
        ("Debian GNU/Linux", "12 (bookworm)", 12, 0, "debian", "bookworm"),
    ]),
    ("debian12", "SELECT count(*) FROM deb_packages", [(5,)]),
    ("debian12", "SELECT count(*), sum(username = 'ada') FROM users", [(10, 1)]),
    ("ubuntu2404", "SELECT name, version, major, minor, patch, platform, platform_like, codename FROM os_version", [
        ("Ubuntu", "24.04.1 LTS (Noble Numbat)", 24, 4, 0, "ubuntu", "debian", "noble"),
    ]),
    ("ubuntu2404", "SELECT count(*), max(uid) FROM users", [(9, 65534)]),
    ("ubuntu2404", "SELECT uid, directory, shell FROM users WHERE username = 'ubuntu'", [
        (1000, "/home/ubuntu", "/bin/bash"),
    ]),
    ("ubuntu2404", "SELECT groupname FROM user_groups JOIN groups USING (gid) WHERE uid = 1000 ORDER BY 1", [
        ("adm",), ("sudo",), ("ubuntu",),
    ]),
    ("ubuntu2404", "SELECT count(*) FROM deb_packages", [(9,)]),
    ("ubuntu2404", "SELECT arch, source, revision FROM deb_packages WHERE name = 'libc6' ORDER BY arch", [
        ("amd64", "glibc", "0ubuntu8.3"), ("i386", "glibc", "0ubuntu8.3"),
    ]),
    ("ubuntu2404", "SELECT version FROM deb_packages WHERE name LIKE 'linux-image%' AND status LIKE '% installed'", [
        ("6.8.0-41.41",),
    ]),
    ("ubuntu2404", "SELECT package FROM deb_package_files WHERE path LIKE '%/libc.so.6'", [("libc6",), ("libc6",)]),
    ("ubuntu2404", "SELECT name, release, version, maintainer FROM apt_sources", [
        ("archive.ubuntu.com/ubuntu noble", "noble", "24.04", "Ubuntu"),
        ("archive.ubuntu.com/ubuntu noble-updates", "noble", "24.04", "Ubuntu"),
        ("security.ubuntu.com/ubuntu noble-security", "noble", "24.04", "Ubuntu"),
    ]),
    ("ubuntu2404", "SELECT uid, name, version FROM python_packages ORDER BY 1, 2", [
        (0, "PyYAML", "6.0.1"), (0, "command-not-found", "0.3"), (0, "cryptography", "41.0.7"),
        (1000, "httpie", "3.2.3"), (1000, "ruff", "0.6.3"),
    ]),
    ("ubuntu2404", "SELECT kind, python_version, packages FROM python_environments", [
        ("system", "3.12", 3), ("user", "3.12", 1), ("uv", "3.12.3", 1),
    ]),
    ("ubuntu2404", "SELECT name, version, depth FROM npm_packages", [("npm", "10.8.2", 0), ("semver", "7.6.3", 1)]),
    ("ubuntu2404", "SELECT command, path FROM crontab WHERE event = '@daily'", [
        ("/home/ubuntu/backup.sh", "/var/spool/cron/crontabs/ubuntu"),
    ]),
    ("ubuntu2404", "SELECT name, pid FROM processes WHERE parent = 1", [("sshd", 640)]),
    ("ubuntu2404", "SELECT pid, port FROM listening_ports WHERE port > 0", [(640, 22)]),
    ("ubuntu2404", "SELECT uid, algorithm, comment FROM authorized_keys", [(1000, "ssh-ed25519", "ubuntu@laptop")]),
    ("ubuntu2404", "SELECT command FROM shell_history", [("sudo apt update",), ("ls -l",)]),
    ("ubuntu2404", "SELECT username FROM shadow WHERE password_status = 'active'", [("ubuntu",)]),
    ("ubuntu2404", "SELECT rule_details FROM sudoers WHERE header = 'ubuntu'", [("ALL=(ALL) NOPASSWD:ALL",)]),
    ("ubuntu2404", "SELECT address FROM dns_resolvers WHERE type = 'nameserver'", [("127.0.0.53",)]),
    ("ubuntu2404", "SELECT version FROM kernel_info", [("6.8.0-41-generic",)]),
    ("fedora41", "SELECT name, version, major, platform FROM os_version", [
        ("Fedora Linux", "Fedora release 41 (Forty One)", 41, "rhel"),
    ]),
    ("fedora41", "SELECT count(*) FROM users", [(8,)]),
    ("fedora41", "SELECT name, epoch, version, release, arch FROM rpm_packages ORDER BY name, version", [
        ("bash", None, "5.2.32", "1.fc41", "x86_64"), ("glibc", None, "2.40", "3.fc41", "x86_64"),
        ("kernel-core", None, "6.11.3", "300.fc41", "x86_64"), ("kernel-core", None, "6.11.4", "301.fc41", "x86_64"),
        ("openssl-libs", 1, "3.2.2", "7.fc41", "x86_64"), ("python3", None, "3.13.0", "1.fc41", "x86_64"),
        ("setup", None, "2.15.0", "5.fc41", "noarch"),
    ]),
    ("fedora41", "SELECT package, mode, size FROM rpm_package_files WHERE path = '/usr/bin/bash'", [
        ("bash", "0755", 12),
    ]),
    ("fedora41", "SELECT name, enabled, gpgcheck, source FROM yum_sources", [
        ("Fedora Updates $releasever - $basearch", "1", "1", "/etc/yum.repos.d/fedora-updates.repo"),
        ("Fedora $releasever - $basearch", "1", "1", "/etc/yum.repos.d/fedora.repo"),
        ("Fedora Debug $releasever - $basearch", "0", "1", "/etc/yum.repos.d/fedora.repo"),
    ]),
    ("fedora41", "SELECT uid, name, author, license FROM python_packages ORDER BY 1, 2", [
        (0, "distro", "Nir Cohen", "Apache-2.0"), (0, "rpm", None, None),
        (1000, "Jinja2", "Pallets", "BSD-3-Clause"), (1000, "ansible", "Ansible, Inc.", "GPL-3.0-or-later"),
    ]),
    ("fedora41", "SELECT path, kind, python_version, base_interpreter, packages FROM python_environments"
     " WHERE kind = 'pipx'", [
        ("/home/fedora/.local/share/pipx/venvs/ansible", "pipx", "3.13.0", "/usr/bin/python3.13", 2),
    ]),
    ("fedora41", "SELECT command FROM crontab WHERE path = '/var/spool/cron/fedora'", [("/home/fedora/bin/sync",)]),
    ("fedora41", "SELECT count(*) FROM deb_packages", [(0,)]),
    ("fedora41", "SELECT name, author, directory FROM npm_packages", [("npm", "GitHub Inc.", "/usr/lib")]),
    ("fedora41", "SELECT command FROM shell_history", [("dnf upgrade",), ("make test",)]),
    ("fedora41", "SELECT address FROM dns_resolvers WHERE type = 'nameserver'", [("192.0.2.53",), ("2001:db8::53",)]),
    ("fedora41", "SELECT version FROM kernel_info", [("6.11.4-301.fc41.x86_64",)]),
    ("alpine320", "SELECT name, major, minor, patch, platform FROM os_version", [
        ("Alpine Linux", 3, 20, 3, "alpine"),
    ]),
    ("alpine320", "SELECT count(*) FROM users", [(7,)]),
    ("alpine320", "SELECT name, version, origin FROM apk_packages WHERE origin = 'busybox'", [
        ("busybox", "1.36.1-r29", "busybox"), ("ssl_client", "1.36.1-r29", "busybox"),
    ]),
    ("alpine320", "SELECT count(*), sum(installed_size) FROM apk_packages", [(6, 35745792)]),
    ("alpine320", "SELECT name, directory FROM python_packages ORDER BY 1", [
        ("Flask", "/opt/app/venv/lib/python3.12/site-packages"),
        ("Werkzeug", "/opt/app/venv/lib/python3.12/site-packages"),
        ("pip", "/usr/lib/python3.12/site-packages"),
    ]),
    ("alpine320", "SELECT command FROM crontab WHERE path LIKE '/var/spool/cron/crontabs/%'", [
        ("run-parts /etc/periodic/15min",), ("run-parts /etc/periodic/hourly",),
    ]),
    ("alpine320", "SELECT name, port FROM processes JOIN listening_ports USING (pid) ORDER BY port", [
        ("sshd", 22), ("python3", 5000),
    ]),
    ("alpine320", "SELECT name, protocol FROM etc_services WHERE port = 443", [("https", "tcp"), ("https", "udp")]),
    ("alpine320", "SELECT uid, comment FROM authorized_keys", [(1000, "alpine@laptop")]),
    ("alpine320", "SELECT username FROM shadow WHERE password_status = 'active'", [("app",)]),
    ("alpine320", "SELECT name, license FROM npm_packages", [("pm2", "AGPL-3.0")]),
]  # fmt: skip


@pytest.mark.parametrize(("distribution", "sql", "rows"), FACTS, ids=[f"{one[0]}: {one[1][:60]}" for one in FACTS])
def test_facts(answer, distribution: str, sql: str, rows: list[tuple[Any, ...]]) -> None:
    assert answer(sql, str(ROOTS / distribution)) == rows
