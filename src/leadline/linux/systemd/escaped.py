"""Text as part of a unit's name, systemd.unit(5): what may not stand there is written as bytes."""

from __future__ import annotations

from leadline.linux.text import decode


def unescaped(name: str) -> str:
    r"""The text of a part of a name, where ``\xHH`` stands for a byte; other backslashes are left."""
    if "\\x" not in name:
        return name
    head, *rest = name.encode().split(b"\\x")
    parts = [head]
    for piece in rest:
        try:
            parts.append(bytes([int(piece[:2], 16)]) + piece[2:])
        except ValueError:
            parts.append(b"\\x" + piece)
    return decode(b"".join(parts))
