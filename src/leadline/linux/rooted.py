"""Paths below a root directory that is not the running system's.

An image's symbolic links are written for the image: `/etc/os-release -> /usr/lib/os-release` means the image's /usr,
never this machine's. :func:`path` follows links the way a chroot would (openat2(2), RESOLVE_IN_ROOT), so that no
query under ``--root`` reads outside of it.
"""

from __future__ import annotations

import os
from errno import ENAMETOOLONG, ENOENT, ENOTDIR

_LINKS = 40  # as many links in one path as the kernel follows before ELOOP, path_resolution(7)
_NOWHERE = "/dev/null/nowhere"  # ENOTDIR, whatever it is used for


def path(root: str, name: str, follow: bool = True) -> str:
    """Where ``name``, a path as the system under ``root`` sees it, really lies.

    With the root "" that is ``name`` itself. ``follow`` says whether a link in the last place is followed too. What
    does not exist, or goes round in circles, resolves to a path that does not exist either.
    """
    if not root:
        return name
    todo = [part for part in reversed(name.split("/")) if part and part != "."]
    done: list[str] = []
    links = 0
    missing = 0  # parts that lead to what is not there: nothing is below it, and nobody needs to be asked
    while todo:
        part = todo.pop()
        if part == "..":
            if done:
                done.pop()
            if len(done) < missing:
                missing = 0
            continue
        done.append(part)
        if not todo and not follow:
            break
        if missing:
            continue
        try:
            target = os.readlink(f"{root}/{'/'.join(done)}")
        except OSError as error:
            if error.errno in (ENOENT, ENOTDIR, ENAMETOOLONG):
                missing = len(done)
            continue  # no link, or nothing there: the caller's own call will tell
        except ValueError:
            continue
        links += 1
        if links > _LINKS:
            return _NOWHERE  # the kernel would follow what is left of the chain, and out of the image
        if target.startswith("/"):
            done.clear()
        else:
            done.pop()
        todo.extend(one for one in reversed(target.split("/")) if one and one != ".")
    found = f"{root}/{'/'.join(done)}"
    return f"{found}/" if name.endswith("/") and done else found
