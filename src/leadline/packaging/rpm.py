"""Makes RPM packages with rpmbuild: their format is not one to write by hand."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile

from leadline.packaging import service
from leadline.packaging.contents import VERSION, Entry
from leadline.packaging.errors import PackageError

SECONDS = 900

SPEC = f"""\
Name: {service.NAME}
Version: {{version}}
Release: 1
Summary: Leadline agent
License: Apache-2.0
AutoReqProv: no
Requires: /usr/bin/python{VERSION}
%global debug_package %{{{{nil}}}}
%global __os_install_post %{{{{nil}}}}
%global _build_id_links none
%global _binary_payload w6.gzdio

%description
Answers questions in SQL about this machine to the fleet server it is made for.

%post
{service.START}
%preun
if [ "$1" = 0 ]; then
{service.STOP}{service.DISABLE}fi

%postun
if [ "$1" = 0 ]; then rm -rf {service.STATE} {service.RUN}; fi

%files
{{files}}
"""


def write(path: str, entries: list[Entry], version: str, machine: str) -> None:
    """Write a package. Raises PackageError when rpmbuild is missing or fails."""
    program = shutil.which("rpmbuild")
    if program is None:
        raise PackageError("rpmbuild is not installed; it comes with the package rpm (Debian) or rpm-build (Fedora)")
    with tempfile.TemporaryDirectory() as top:
        root = os.path.join(top, "root")
        for entry in entries:
            place(root, entry)
        spec = os.path.join(top, "agent.spec")
        with open(spec, "w", encoding="utf-8") as stream:
            stream.write(SPEC.format(version=version.replace("-", "~"), files="\n".join(map(listed, entries))))
        done = subprocess.run(
            [
                program, "-bb", "--quiet", "--nodeps", "--target", machine, "--buildroot", root,
                "--define", f"_topdir {top}", "--define", f"_tmppath {top}", spec,
            ],
            capture_output=True, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
        made = [os.path.join(base, name) for base, _, names in os.walk(f"{top}/RPMS") for name in names]
        if done.returncode or not made:
            raise PackageError(f"rpmbuild failed: {done.stderr.strip()[-1000:]}")
        shutil.copyfile(made[0], path)


def place(root: str, entry: Entry) -> None:
    """Write one file below the directory that becomes the machine's root."""
    path = root + entry.path
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if entry.target:
        os.symlink(entry.target, path)
        return
    with open(path, "wb") as stream:
        stream.write(entry.content)
    os.chmod(path, entry.mode)


def listed(entry: Entry) -> str:
    """The line of the list of files."""
    kept = "%config(noreplace) " if entry.kept else ""
    mode = "-" if entry.target else f"{entry.mode:04o}"
    return f'{kept}%attr({mode}, root, root) "{entry.path}"'


def name(version: str, machine: str) -> str:
    """The usual name of the package's file."""
    return f"{service.NAME}-{version.replace('-', '~')}-1.{machine}.rpm"
