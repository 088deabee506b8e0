"""Writes Debian packages: an ar archive of two tar archives (deb(5)). Needs none of Debian's tools."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile

from leadline.packaging import service
from leadline.packaging.contents import VERSION, Entry

MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "armhf", "i686": "i386", "ppc64le": "ppc64el"}

POSTINST = f"""\
#!/bin/sh
set -e
if [ "$1" = configure ] || [ "$1" = abort-upgrade ] || [ "$1" = abort-remove ]; then
{service.START}fi
"""

PRERM = f"""\
#!/bin/sh
set -e
{service.STOP}if [ "$1" = remove ]; then
{service.DISABLE}fi
"""

POSTRM = f"""\
#!/bin/sh
set -e
if [ "$1" = purge ]; then
{service.FORGET}fi
"""


def write(path: str, entries: list[Entry], version: str, machine: str, time: int) -> None:
    """Write a package; ``time`` is that of every file in it, so the same input makes the same bytes."""
    with open(path, "wb") as stream:
        stream.write(b"!<arch>\n")
        member(stream, "debian-binary", b"2.0\n", time)
        member(stream, "control.tar.gz", archive(control(entries, version, machine), time), time)
        member(stream, "data.tar.gz", archive(entries, time), time)


def control(entries: list[Entry], version: str, machine: str) -> list[Entry]:
    """The files that dpkg reads."""
    major, minor = VERSION.split(".")
    size = sum(len(entry.content) for entry in entries) // 1024
    about = f"""\
Package: {service.NAME}
Version: {version}
Architecture: {MACHINES.get(machine, machine)}
Maintainer: Leadline <leadline@localhost>
Installed-Size: {size}
Depends: python3 (>= {VERSION}), python3 (<< {major}.{int(minor) + 1}~)
Section: admin
Priority: optional
Description: Leadline agent
 Answers questions in SQL about this machine to the fleet server it is made for.
"""
    sums = "".join(
        f"{hashlib.md5(entry.content, usedforsecurity=False).hexdigest()}  {entry.path[1:]}\n"
        for entry in entries
        if not entry.target and not entry.kept
    )
    return [
        Entry("/control", about.encode()),
        Entry("/conffiles", "".join(f"{entry.path}\n" for entry in entries if entry.kept).encode()),
        Entry("/md5sums", sums.encode()),
        Entry("/postinst", POSTINST.encode(), 0o755),
        Entry("/prerm", PRERM.encode(), 0o755),
        Entry("/postrm", POSTRM.encode(), 0o755),
    ]


def archive(entries: list[Entry], time: int) -> bytes:
    """A compressed tar archive, directories before what is in them, all of it root's."""
    buffer = io.BytesIO()
    made: set[str] = set()
    # mtime=0 in the gzip header is what keeps the bytes the same
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=6, format=tarfile.GNU_FORMAT) as tar:
        add(tar, directory("./", time))
        for entry in entries:
            parts = entry.path.strip("/").split("/")
            for depth in range(1, len(parts)):
                name = f"./{'/'.join(parts[:depth])}/"
                if name not in made:
                    made.add(name)
                    add(tar, directory(name, time))
            info = tarfile.TarInfo(f".{entry.path}")
            info.mode, info.mtime, info.uname, info.gname = entry.mode, time, "root", "root"
            if entry.target:
                info.type, info.linkname = tarfile.SYMTYPE, entry.target
            else:
                info.size = len(entry.content)
            add(tar, info, entry.content)
    data = bytearray(buffer.getvalue())
    data[4:8] = bytes(4)
    return bytes(data)


def directory(name: str, time: int) -> tarfile.TarInfo:
    """A directory's entry."""
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.mtime, info.uname, info.gname = tarfile.DIRTYPE, 0o755, time, "root", "root"
    return info


def add(tar: tarfile.TarFile, info: tarfile.TarInfo, content: bytes = b"") -> None:
    """Add one entry."""
    tar.addfile(info, io.BytesIO(content) if info.isreg() else None)


def member(stream: io.BufferedWriter, name: str, content: bytes, time: int) -> None:
    """Add a member to the ar archive (ar(5)); members begin at even offsets."""
    stream.write(f"{name:<16}{time:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode())
    stream.write(content)
    if len(content) % 2:
        stream.write(b"\n")


def name(version: str, machine: str) -> str:
    """The usual name of the package's file."""
    return f"{service.NAME}_{version}_{MACHINES.get(machine, machine)}.deb"


def moment() -> int:
    """The time of the files: SOURCE_DATE_EPOCH, or now."""
    from time import time

    return int(os.environ.get("SOURCE_DATE_EPOCH") or time())
