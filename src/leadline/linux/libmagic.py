"""What a file is, by libmagic: libmagic(3).

This is what the child process of :mod:`leadline.linux.isolated` runs: the library, written in C, looks into whatever
there is, and has had its share of holes.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

# magic.h
_NONE, _MIME_TYPE, _MIME_ENCODING = 0, 0x10, 0x400


def home() -> str | None:
    """The directory that the library and its database come in, of the package pylibmagic; None without it.

    The package itself is never imported: it changes ctypes and the environment for the whole program.
    """
    from importlib.util import find_spec

    found = find_spec("pylibmagic")
    return found.submodule_search_locations[0] if found and found.submodule_search_locations else None


def rows(arguments: Sequence[str], fed: Iterable[Any]) -> Iterator[tuple[Any, ...] | str]:
    """Description, MIME type and MIME encoding, each None when unknown, of every path: each item fed begins with one.

    Arguments: the library, and the databases separated by colons.
    """
    import ctypes
    import os

    from leadline.linux.text import decode

    path, databases = arguments
    library = ctypes.CDLL(path)
    library.magic_open.restype = ctypes.c_void_p
    library.magic_setflags.argtypes = ctypes.c_void_p, ctypes.c_int
    library.magic_load.argtypes = library.magic_file.argtypes = ctypes.c_void_p, ctypes.c_char_p
    library.magic_file.restype = library.magic_error.restype = ctypes.c_char_p
    library.magic_error.argtypes = (ctypes.c_void_p,)
    handle = library.magic_open(_NONE)
    if library.magic_load(handle, os.fsencode(databases)):
        yield f"{databases}: {decode(library.magic_error(handle) or b'no database')}"
        return

    def told(file: bytes, flags: int) -> str | None:
        library.magic_setflags(handle, flags)
        found = library.magic_file(handle, file)
        return None if found is None else decode(found)

    for name, *_ in fed:
        file = os.fsencode(name)
        yield told(file, _NONE), told(file, _MIME_TYPE), told(file, _MIME_ENCODING)
        yield ()
