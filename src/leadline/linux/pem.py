"""Blocks of PEM, the text that certificates and keys are kept in. Format: RFC 7468, RFC 1421 for the headers."""

from __future__ import annotations

import binascii

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_BEGIN = b"-----BEGIN "
_END = b"-----END "
_DASHES = b"-----"
_LONGEST_LABEL = 64

CERTIFICATES = frozenset({"CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"})


class Block:
    """One block: its label, its headers in lower case, and the bytes it stands for."""

    __slots__ = ("data", "headers", "label")

    def __init__(self, label: str, headers: dict[str, str], data: bytes) -> None:
        self.label = label
        self.headers = headers
        self.data = data


def blocks(text: bytes, labels: frozenset[str] | None = None) -> Iterator[Block]:
    """The blocks of a text in their order, only those with one of the labels; what is broken is passed over."""
    at = 0
    while (start := text.find(_BEGIN, at)) >= 0:
        at = start + len(_BEGIN)
        ends = text.find(_DASHES, at, at + _LONGEST_LABEL)
        if ends < 0 or (start and text[start - 1] not in b"\n\r"):
            continue
        label = text[at:ends]
        # A block without an end stops where the next one begins: so that no text is searched more than twice.
        following = text.find(_BEGIN, ends)
        stop = text.find(_END + label + _DASHES, ends, following if following >= 0 else len(text))
        if stop < 0:
            continue
        body = text[ends + len(_DASHES) : stop]
        at = stop
        name = label.decode("latin-1")
        if labels is None or name in labels:
            block = _block(name, body)
            if block is not None:
                yield block


def _block(label: str, body: bytes) -> Block | None:
    headers: dict[str, str] = {}
    if b":" in body:  # no character of base64
        body = body.replace(b"\r\n", b"\n").lstrip()
        head, _, body = body.partition(b"\n\n")
        for line in head.split(b"\n"):
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
    try:
        return Block(label, headers, binascii.a2b_base64(body))
    except ValueError:
        return None


def certificates(data: bytes) -> Iterator[bytes]:
    """The DER of each certificate in a file: of all PEM blocks, or of the whole file when it has none."""
    if _BEGIN in data:
        for block in blocks(data, CERTIFICATES):
            yield block.data
    elif data[:1] == b"\x30":
        yield data
