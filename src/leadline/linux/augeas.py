"""Configuration files as trees, by libaugeas and its lenses: augeas.h of libaugeas 1.14.

This is what the child process of :mod:`leadline.linux.isolated` runs, since the library, written in C, takes apart
files that others wrote. Another root is entered with chroot(2), so that no link in it leads out of it.
"""

from __future__ import annotations

import os

from leadline.linux.text import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from ctypes import CDLL
    from typing import Any

_LIBRARY = "libaugeas.so.0"
# AUG_NO_STDINC, AUG_SAVE_NOOP, AUG_NO_LOAD, AUG_NO_ERR_CLOSE
_FLAGS = 1 << 3 | 1 << 4 | 1 << 5 | 1 << 8
_NEWUSER = 0x10000000  # CLONE_NEWUSER of linux/sched.h
_VARIABLE = b"found"
_FILES = "/files"


def rows(arguments: Sequence[str], _: Iterable[Any]) -> Iterator[tuple[Any, ...] | str]:
    """Node, value (None for none), label and file of each node that an expression selects.

    Arguments: the root ("" for the running system), the directories of lenses, the expression, and the files that it
    is about, when these are known; else all that there are lenses for are read.
    """
    import ctypes

    root, lenses, expression, *paths = arguments
    try:
        library = _declared(ctypes.CDLL(_LIBRARY))
    except OSError:
        yield f"{_LIBRARY} is not installed"
        return
    handle = library.aug_init(None, lenses.encode("utf-8", "surrogateescape"), _FLAGS)
    if not handle or library.aug_error(handle):
        yield f"libaugeas: {_message(library, handle)}"
        return
    if root:
        _enter(root)
    if paths and all(os.path.isfile(path) for path in paths):
        for path in paths:
            library.aug_load_file(handle, os.fsencode(path))  # a file without a lens has no nodes
    elif library.aug_load(handle):
        yield f"libaugeas: {_message(library, handle)}"
        return
    yield from _selected(library, handle, expression)


def _declared(library: CDLL) -> CDLL:
    from ctypes import POINTER, c_char_p, c_int, c_uint, c_void_p

    text, texts = c_char_p, POINTER(c_char_p)
    for name, result, *arguments in (
        ("aug_init", c_void_p, text, text, c_uint),
        ("aug_load", c_int, c_void_p),
        ("aug_load_file", c_int, c_void_p, text),
        ("aug_defvar", c_int, c_void_p, text, text),
        ("aug_ns_attr", c_int, c_void_p, text, c_int, texts, texts, POINTER(c_void_p)),
        ("aug_ns_path", c_int, c_void_p, text, c_int, POINTER(c_void_p)),
        ("aug_error", c_int, c_void_p),
        ("aug_error_message", text, c_void_p),
        ("aug_error_minor_message", text, c_void_p),
        ("free", None, c_void_p),
    ):
        function = getattr(library, str(name))
        function.restype, function.argtypes = result, arguments
    return library


def _message(library: CDLL, handle: int | None) -> str:
    if not handle:
        return "cannot be started"
    said = [library.aug_error_message(handle), library.aug_error_minor_message(handle)]
    return ": ".join(decode(one) for one in said if one)


def _enter(root: str) -> None:
    """Take the root for `/`. Without the right to, in a user namespace of our own."""
    try:
        os.chroot(root)
    except PermissionError:
        import ctypes

        ctypes.CDLL(None).unshare(_NEWUSER)
        os.chroot(root)
    os.chdir("/")


def _selected(library: CDLL, handle: int, expression: str) -> Iterator[tuple[Any, ...] | str]:
    import ctypes

    count = library.aug_defvar(handle, _VARIABLE, expression.encode("utf-8", "surrogateescape"))
    if count < 0:
        yield f"libaugeas: {_message(library, handle)}: {expression}"
        return
    value, label = ctypes.c_char_p(), ctypes.c_char_p()
    for number in range(count):
        file, path = ctypes.c_void_p(), ctypes.c_void_p()
        if library.aug_ns_path(handle, _VARIABLE, number, ctypes.byref(path)) < 0:
            continue
        node = _taken(library, path) or ""
        library.aug_ns_attr(handle, _VARIABLE, number, ctypes.byref(value), ctypes.byref(label), ctypes.byref(file))
        inside = _taken(library, file)
        if inside is None:  # a directory above files, or none of /files
            inside = node if node.startswith(_FILES) else _FILES
        yield (
            node,
            None if value.value is None else decode(value.value),
            decode(label.value or b""),
            inside.removeprefix(_FILES),
        )


def _taken(library: CDLL, text: Any) -> str | None:
    """A text that the library made for us to free."""
    import ctypes

    if not text.value:
        return None
    taken = decode(ctypes.string_at(text.value))
    library.free(text)
    return taken
