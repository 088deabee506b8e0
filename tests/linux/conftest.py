"""Certificates and keys made by openssl, and libcrypto itself as the judge of what is read from them."""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

_ONELINE = 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x100 | 0x200 | 2 << 16 | 1 << 23  # XN_FLAG_ONELINE of openssl/x509.h


@pytest.fixture
def openssl(tmp_path: Path) -> Callable[..., bytes]:
    """``openssl("req", ...)``: what the command prints, run in the test's directory."""

    def run(*arguments: str, feed: bytes = b"") -> bytes:
        done = subprocess.run(["openssl", *arguments], input=feed, capture_output=True, cwd=tmp_path, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    return run


class Libcrypto:
    """The calls that osquery makes, on the machine's own OpenSSL."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library

    def call(self, name: str, *arguments: Any, gives: Any = ctypes.c_void_p) -> Any:
        function = getattr(self._library, name)
        function.restype = gives
        function.argtypes = [
            ctypes.c_void_p if one is None or isinstance(one, (ctypes.c_void_p, ctypes.Array)) else
            ctypes.c_char_p if isinstance(one, bytes) else
            ctypes.c_ulong if isinstance(one, int) and one < 1 << 40 else ctypes.c_void_p
            for one in arguments
        ]  # fmt: skip
        return function(*arguments)

    def certificate(self, data: bytes) -> int | None:
        """The address of the certificate; None when OpenSSL refuses it."""
        buffer = ctypes.create_string_buffer(data, len(data))
        start = ctypes.c_void_p(ctypes.addressof(buffer))
        reference = ctypes.c_void_p(ctypes.addressof(start))
        found = self.call("d2i_X509", None, reference, len(data))
        return int(found) if found else None

    def printed(self, call: Callable[[int], Any]) -> str:
        """What a call prints to the BIO it is given."""
        output = self.call("BIO_new", ctypes.c_void_p(self.call("BIO_s_mem")))
        call(output)
        buffer = ctypes.create_string_buffer(1 << 20)
        size = self.call("BIO_read", ctypes.c_void_p(output), buffer, len(buffer), gives=ctypes.c_int)
        self.call("BIO_free", ctypes.c_void_p(output), gives=ctypes.c_int)
        return buffer.raw[: max(size, 0)].decode("utf-8", "backslashreplace")

    def name(self, certificate: int, which: str) -> tuple[str, str]:
        """A name in both forms; ``which`` is ``subject`` or ``issuer``."""
        name = ctypes.c_void_p(self.call(f"X509_get_{which}_name", ctypes.c_void_p(certificate)))
        slashed = ctypes.string_at(self.call("X509_NAME_oneline", name, None, 0)).decode()
        return slashed, self.printed(
            lambda output: self.call("X509_NAME_print_ex", ctypes.c_void_p(output), name, 0, _ONELINE)
        )

    def attributes(self, certificate: int) -> tuple[bool, bool]:
        """Whether it is an authority's, and whether it says that it signed itself."""
        one = ctypes.c_void_p(certificate)
        authority = self.call("X509_check_ca", one, gives=ctypes.c_int) > 0
        return authority, self.call("X509_check_issued", one, one, gives=ctypes.c_int) == 0

    def extension(self, certificate: int, oid: str) -> str | None:
        """An extension as osquery prints it, with lines that end in ``;``."""
        stack = self.call("X509_get0_extensions", ctypes.c_void_p(certificate))
        if not stack:
            return None
        identifier = self.call("OBJ_txt2nid", oid.encode(), gives=ctypes.c_int)
        place = self.call(
            "X509v3_get_ext_by_NID", ctypes.c_void_p(stack), identifier, -1 & 0xFFFFFFFF, gives=ctypes.c_int
        )
        if place < 0:
            return None
        found = ctypes.c_void_p(self.call("X509v3_get_ext", ctypes.c_void_p(stack), place))
        text = self.printed(lambda output: self.call("X509V3_EXT_print", ctypes.c_void_p(output), found, 0, 0))
        return text.rstrip("\n").replace("\n", ";")

    def names_of(self, oid: str) -> tuple[str, str] | None:
        """The short and the long name of an object identifier; None when OpenSSL has none."""
        found = self.call("OBJ_txt2obj", oid.encode(), 1)
        identifier = self.call("OBJ_obj2nid", ctypes.c_void_p(found), gives=ctypes.c_int)
        if not identifier:
            return None
        return (
            self.call("OBJ_nid2sn", identifier, gives=ctypes.c_char_p).decode(),
            self.call("OBJ_nid2ln", identifier, gives=ctypes.c_char_p).decode(),
        )

    def private_key(self, text: bytes) -> tuple[int, int, str] | None:
        """Bits, bits of security and group of a key without a passphrase; None when it cannot be read."""
        source = ctypes.c_void_p(self.call("BIO_new_mem_buf", text, len(text)))
        key = self.call("PEM_read_bio_PrivateKey", source, None, None, b"")
        self.call("BIO_free", source, gives=ctypes.c_int)
        if not key:
            self.call("ERR_clear_error", gives=None)
            return None
        one = ctypes.c_void_p(key)
        group, size = ctypes.create_string_buffer(64), ctypes.c_size_t()
        named = self.call(
            "EVP_PKEY_get_group_name", one, group, 64, ctypes.c_void_p(ctypes.addressof(size)), gives=ctypes.c_int
        )
        answer = (
            self.call("EVP_PKEY_get_bits", one, gives=ctypes.c_int),
            self.call("EVP_PKEY_get_security_bits", one, gives=ctypes.c_int),
            group.value.decode() if named == 1 else "",
        )
        self.call("EVP_PKEY_free", one, gives=None)
        return answer


@pytest.fixture(scope="session")
def libcrypto() -> Libcrypto:
    try:
        return Libcrypto(ctypes.CDLL("libcrypto.so.3"))
    except OSError:
        pytest.skip("OpenSSL 3 is not installed")
