"""Preparing a data directory, again and again."""

from __future__ import annotations

import os
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from leadline.server import certificates, setup
from leadline.server.errors import SetupError


def test_a_new_directory_gets_everything_and_keeps_it(tmp_path: Path) -> None:
    data = tmp_path / "deep" / "data"
    first = setup.prepare(str(data))
    assert first.created
    assert first.password is not None
    assert len(first.password) >= 16
    assert first.email.startswith("admin@")
    files = {name: (data / name).read_bytes() for name in ("ca.pem", "ca.key", "server.pem", "server.key")}
    second = setup.prepare(str(data))
    assert (second.created, second.password) == (False, None)
    assert second.enroll_secret == first.enroll_secret
    assert files == {name: (data / name).read_bytes() for name in files}


def test_nobody_else_can_read_what_is_secret(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    setup.prepare(str(data))
    assert data.stat().st_mode & 0o777 == 0o700
    assert {(data / name).stat().st_mode & 0o777 for name in ("ca.key", "server.key")} == {0o600}


def test_it_works_on_postgresql_too(tmp_path: Path, database_url: str) -> None:
    first = setup.prepare(str(tmp_path / "data"), database=database_url)
    again = setup.prepare(str(tmp_path / "data"), database=database_url)
    assert first.created
    assert not again.created
    assert again.enroll_secret == first.enroll_secret
    assert setup.mint_token(str(tmp_path / "data"), database=database_url)


def test_the_certificate_is_one_that_openssl_and_browsers_accept(tmp_path: Path) -> None:
    ready = setup.prepare(str(tmp_path))
    for name in ("localhost", os.uname().nodename):
        command = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", name]
        subprocess.run([*command, "-CAfile", ready.ca, ready.certificate], check=True, capture_output=True)
    certificate = x509.load_pem_x509_certificate(Path(ready.certificate).read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {str(address) for address in names.get_values_for_type(x509.IPAddress)} >= {"127.0.0.1", "::1"}
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc <= timedelta(days=398)
    ssl.create_default_context(cafile=ready.ca)


def test_the_certificate_is_renewed_for_new_names_and_before_its_end(tmp_path: Path) -> None:
    def serial() -> int:
        return x509.load_pem_x509_certificate((tmp_path / "server.pem").read_bytes()).serial_number

    def ensure(*names: str, now: datetime | None = None) -> int:
        certificates.ensure(str(tmp_path), ["localhost", *names], now)
        return serial()

    authority = certificates.ensure(str(tmp_path), ["localhost"])
    assert authority
    first = serial()
    assert ensure() == first
    second = ensure("fleet.example.org")
    assert second != first
    assert ensure() == second, "more names than needed are no reason"
    end = datetime.now(UTC) + timedelta(days=certificates.SERVER_DAYS)
    assert ensure(now=end - timedelta(days=certificates.RENEW_DAYS + 1)) == second
    third = ensure(now=end - timedelta(days=certificates.RENEW_DAYS - 1))
    assert third != second
    (tmp_path / "server.key").unlink()
    assert ensure() != third


def test_a_certificate_of_another_authority_is_replaced(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for directory in (one, two):
        directory.mkdir()
        certificates.ensure(str(directory), ["localhost"])
    for name in ("server.pem", "server.key"):
        (one / name).write_bytes((two / name).read_bytes())
    certificates.ensure(str(one), ["localhost"])
    assert (one / "server.pem").read_bytes() != (two / "server.pem").read_bytes()


def test_the_authority_is_valid_now(tmp_path: Path) -> None:
    certificates.ensure(str(tmp_path), ["localhost"])
    authority = x509.load_pem_x509_certificate((tmp_path / "ca.pem").read_bytes())
    assert authority.not_valid_before_utc < datetime.now(UTC) < authority.not_valid_after_utc


@pytest.mark.parametrize("damage", ["ca.pem", "ca.key", "server.key"])
def test_damaged_files_are_named_in_a_sentence(tmp_path: Path, damage: str) -> None:
    setup.prepare(str(tmp_path))
    (tmp_path / damage).write_text("damaged")
    with pytest.raises(SetupError, match=damage):
        setup.prepare(str(tmp_path))


def test_a_directory_that_cannot_be_used_is_named_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SetupError, match=r"file/data.*Not a directory"):
        setup.prepare(str(tmp_path / "file" / "data"))


def test_a_token_needs_an_administrator(tmp_path: Path) -> None:
    ready = setup.prepare(str(tmp_path))
    assert setup.mint_token(ready.data) != setup.mint_token(ready.data)
    with pytest.raises(SetupError):
        setup.mint_token(str(tmp_path / "nothing"))
