"""A byte stream to a file descriptor: buffered, UTF-8 whatever the locale says."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

FULL = 65_536  # characters that are gathered before they are written


class Output:
    """Gathers text and writes it in large pieces, to a terminal at once.

    Bytes kept as surrogates come out as they went in.
    """

    __slots__ = ("_full", "_parts", "_size", "descriptor", "terminal")

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.terminal = os.isatty(descriptor)
        self._full = 1 if self.terminal else FULL
        self._parts: list[str] = []
        self._size = 0

    def write(self, text: str) -> None:
        """Add text. Raises OSError when it has to be written and cannot be."""
        self._parts.append(text)
        self._size += len(text)
        if self._size >= self._full:
            self.flush()

    def write_all(self, texts: Iterable[str]) -> None:
        """Add texts as they come; what came before an exception is kept. The texts' maker may itself write here."""
        append = self._parts.append
        full = self._full
        size = self._size
        try:
            for text in texts:
                append(text)
                size += len(text)
                if size >= full:
                    self.flush()
                    size = 0
        finally:
            self._size = size

    def flush(self) -> None:
        """Write what has been gathered."""
        if not self._parts:
            return
        data = memoryview("".join(self._parts).encode("utf-8", "surrogateescape"))
        self._parts.clear()  # the list stays: write_all holds on to it
        self._size = 0
        while data:
            data = data[os.write(self.descriptor, data) :]
