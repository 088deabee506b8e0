"""What is in a package of the agent: its files, taken from the environment that this program runs in.

A package holds a virtual environment (PEP 405) at a fixed place: ``pyvenv.cfg`` and a link to the machine's own
interpreter, so nothing is built on the machine. The libraries have parts compiled for one minor version of Python,
hence the package needs that version.
"""

from __future__ import annotations

import importlib.util
import os
import py_compile
import re
import sys
import tempfile
from collections.abc import Iterator
from importlib import metadata
from typing import NamedTuple

from leadline.packaging import service
from leadline.packaging.errors import PackageError

VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
SITE = f"{service.HOME}/lib/python{VERSION}/site-packages"

OURS = (
    "agent", "catalogue", "configuration", "extensions", "flags", "linux", "packaging", "plugins", "shell", "sql",
    "tables", "wire",
)  # fmt: skip
"""The packages of ours that an agent needs: the server and what starts it stay away."""

ROOTS = (
    "apsw", "boto3", "confluent-kafka", "cryptography", "h2", "jeepney", "msgspec", "prompt_toolkit", "pygments",
    "pylibmagic", "pytsk3", "pyyaml", "thrift", "urllib3", "yara-x", "zstandard",
)  # fmt: skip
"""The libraries that those packages import; what they need themselves comes along."""

SERVICES = ("kinesis", "firehose", "sts", "sso", "sso-oidc")
"""The services of AWS that the agent speaks to: botocore brings the descriptions of four hundred."""

LEFT_OUT = re.compile(
    r"(^|/)(tests?|__pycache__)/|\.(pyi|c|pyx|pxd|h)$|^\.\./|\.pth$|^zstandard/_cffi\.|^zstandard/backend_cffi\.py$"
    r"|(^|/)(RECORD|INSTALLER|REQUESTED|direct_url\.json)$"
)


class Entry(NamedTuple):
    """A file (``content``) or link (``target``) at an absolute ``path``; ``kept``: an administrator may change it."""

    path: str
    content: bytes
    mode: int = 0o644
    target: str = ""
    kept: bool = False


def entries(address: str, certificate: bytes, secret: str, more: list[str]) -> list[Entry]:
    """Everything in the package, by path. ``more`` are further flags. Raises PackageError."""
    flags = service.FLAGS.format(address=address) + "".join(f"--{flag}\n" for flag in more)
    script = f"#!{service.HOME}/bin/python3 -P\nfrom leadline.__main__ import leave\n\nleave()\n".encode()
    found = [
        Entry(f"{service.HOME}/pyvenv.cfg", b"home = /usr/bin\ninclude-system-site-packages = false\n"),
        Entry(f"{service.HOME}/bin/python3", b"", 0o777, f"/usr/bin/python{VERSION}"),
        *(Entry(f"{service.HOME}/bin/{name}", script, 0o755) for name in ("leadline", "osqueryd", "osqueryi")),
        Entry(service.UNIT, service.SYSTEMD.encode()),
        Entry(service.SCRIPT, service.SYSV.encode(), 0o755, kept=True),
        Entry(f"{service.ETC}/agent.flags", flags.encode(), kept=True),
        Entry(f"{service.ETC}/ca.pem", certificate, kept=True),
        Entry(f"{service.ETC}/enroll_secret", f"{secret}\n".encode(), 0o600, kept=True),
    ]
    with tempfile.TemporaryDirectory() as directory:
        for name, path in sorted({**libraries(), **own()}.items()):
            with open(path, "rb") as stream:
                content = stream.read()
            found.append(Entry(f"{SITE}/{name}", content, 0o755 if ".so" in os.path.basename(name) else 0o644))
            if name.endswith(".py"):
                compiled = compile_file(path, f"{SITE}/{name}", directory)
                if compiled:
                    found.append(Entry(importlib.util.cache_from_source(f"{SITE}/{name}"), compiled))
    return sorted(found)


def compile_file(path: str, place: str, directory: str) -> bytes:
    """The byte code of a module for its place on the machine: without it every start would compile everything, for
    the service cannot write there. Empty for a file that is no module, such as a template.
    """
    target = os.path.join(directory, "module.pyc")
    try:
        py_compile.compile(
            path, target, place, doraise=True, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
        )
    except py_compile.PyCompileError:
        return b""
    with open(target, "rb") as stream:
        return stream.read()


def own() -> dict[str, str]:
    """Our own files: name below site-packages → path."""
    found = {}
    top = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for name in ("__init__.py", "__main__.py"):
        found[f"leadline/{name}"] = os.path.join(top, name)
    for package in OURS:
        for directory, directories, names in os.walk(os.path.join(top, package)):
            directories[:] = [name for name in directories if name != "__pycache__"]
            for name in names:
                path = os.path.join(directory, name)
                found[f"leadline/{os.path.relpath(path, top)}"] = path
    return found


def libraries() -> dict[str, str]:
    """The files of the libraries: name below site-packages → path. Raises PackageError when one is not installed."""
    found: dict[str, str] = {}
    for distribution in distributions():
        for file in distribution.files or ():
            name = str(file)
            path = str(distribution.locate_file(file))
            if not LEFT_OUT.search(name) and wanted(name) and os.path.isfile(path):
                found[name] = path
    return found


def wanted(name: str) -> bool:
    """Whether a file is among what is used of its library."""
    parts = name.split("/")
    return parts[0] != "boto3" or parts[1:2] != ["data"] if parts[:2] != ["botocore", "data"] else (
        len(parts) == 3 or parts[2] in SERVICES
    )  # fmt: skip


def distributions() -> Iterator[metadata.Distribution]:
    """The libraries and, as far as they are installed, what they need."""
    waiting = list(ROOTS)
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        key = re.sub(r"[-_.]+", "-", name).lower()
        if key in seen:
            continue
        seen.add(key)
        try:
            found = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            if name in ROOTS:
                raise PackageError(
                    f"the library {name} is not installed in {sys.prefix}, so it cannot be packed"
                ) from None
            continue
        yield found
        for requirement in found.requires or ():
            if "extra ==" not in requirement:
                match = re.match(r"[A-Za-z0-9._-]+", requirement)
                waiting.append(match.group() if match else "")
