"""The program ``leadline package``: makes a package of the agent for the machines of a fleet."""

from __future__ import annotations

import os
import platform
import re
import sys
from urllib.parse import urlsplit

from leadline import __version__
from leadline.packaging import deb, rpm
from leadline.packaging.contents import Entry, entries
from leadline.packaging.errors import PackageError


def main(argv: list[str], program: str) -> int:
    """Make a package; the exit code."""
    import argparse

    parser = argparse.ArgumentParser(prog=program, description="Make a package of the agent for machines of a fleet.")
    parser.add_argument("--type", choices=("deb", "rpm"), required=True)
    parser.add_argument("--fleet-url", required=True, metavar="URL", help="https://HOST[:PORT] of the server")
    secret = parser.add_mutually_exclusive_group(required=True)
    secret.add_argument("--enroll-secret", metavar="SECRET", help="others on this machine can see it; prefer the file")
    secret.add_argument("--enroll-secret-file", metavar="FILE")
    parser.add_argument(
        "--fleet-certificate", required=True, metavar="PEM", help="what the server's certificate is signed by"
    )
    parser.add_argument("--flag", action="append", default=[], metavar="NAME=VALUE", help="a further flag of the agent")
    parser.add_argument("--version", default=__version__, metavar="VERSION", help=f"of the package [{__version__}]")
    parser.add_argument("--output", default="", metavar="PATH", help="file or directory [this directory]")
    found = parser.parse_args(argv)
    try:
        if not re.fullmatch(r"\d[A-Za-z0-9.+~-]*", found.version):
            raise PackageError(f"'{found.version}' is no version of a package")
        certificate = read(found.fleet_certificate)
        if b"-----BEGIN CERTIFICATE-----" not in certificate:
            raise PackageError(f"{found.fleet_certificate} holds no certificate in PEM")
        text = found.enroll_secret or read(found.enroll_secret_file).decode("utf-8", "replace").strip()
        if not text or "\n" in text:
            raise PackageError("the enroll secret has to be one line that is not empty")
        path = make(found.type, entries(address(found.fleet_url), certificate, text, found.flag), found)
    except (PackageError, OSError) as error:
        print(f"{program}: {error}", file=sys.stderr)
        return 1
    print(path)
    return 0


def make(kind: str, found: list[Entry], options: object) -> str:
    """Write the package; its path. Only the owner can read it: the enroll secret is in it."""
    version, output = str(vars(options)["version"]), str(vars(options)["output"])
    machine = platform.machine()
    path = output or "."
    if os.path.isdir(path):
        path = os.path.join(path, (deb if kind == "deb" else rpm).name(version, machine))
    temporary = f"{path}.{os.getpid()}"
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    try:
        if kind == "deb":
            deb.write(temporary, found, version, machine, deb.moment())
        else:
            rpm.write(temporary, found, version, machine)
        os.replace(temporary, path)
    finally:
        if os.path.exists(temporary):
            os.remove(temporary)
    return path


def address(url: str) -> str:
    """``HOST[:PORT]`` of a server's URL. Raises PackageError."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.path not in ("", "/") or parts.query or parts.username:
        raise PackageError(f"'{url}' is no address of a server: it has to be https://HOST or https://HOST:PORT")
    return parts.netloc


def read(path: str) -> bytes:
    """A file. Raises OSError, whose text has the path."""
    with open(path, "rb") as stream:
        return stream.read()
