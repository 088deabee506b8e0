r"""Commands that shells have kept: bash(1) HISTTIMEFORMAT, zshoptions(1) EXTENDED_HISTORY, and plain lines."""

from __future__ import annotations

from leadline.linux import files, rooted
from leadline.linux.text import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = (".bash_history", ".zsh_history", ".zhistory", ".history", ".sh_history", ".ash_history")
SESSIONS = ".bash_sessions"  # one file for each terminal of macOS

_LARGEST = 64 << 20  # bytes of a file
_LONGEST = 1 << 20  # bytes of a command that are shown
_LATEST = (1 << 63) - 1
_META = 0x83  # zsh writes some bytes as this one and the byte with its sixth bit turned


def paths(root: str, home: str) -> Iterator[str]:
    """The files in a home directory that may be histories, whether they exist or not."""
    home = home.rstrip("/")
    for name in NAMES:
        yield f"{home}/{name}"
    for name in sorted(files.names(rooted.path(root, f"{home}/{SESSIONS}"))):
        if name.endswith(".history") and not name.startswith("."):
            yield f"{home}/{SESSIONS}/{name}"


def commands(root: str, path: str) -> Iterator[tuple[int, str]]:
    """When each command of a file was given, in seconds since the epoch (0 when nobody noted it), and the command."""
    data = files.read(rooted.path(root, path), _LARGEST)
    if not data:
        return
    if data.endswith(b"\n"):
        data = data[:-1]
    at, end = 0, len(data)
    noted: int | None = None  # the time that the line before told
    while at <= end:
        stop = data.find(b"\n", at)
        stop = end if stop < 0 else stop
        line = data[at : min(stop, at + _LONGEST)]
        at = stop + 1
        if noted is None:
            noted = _bash(line)
            if noted is not None:
                continue
            time, command = _zsh(line)
        else:
            time, command, noted = noted, line, None
        yield time, decode(_plain(command) if _META in command else command)


def _bash(line: bytes) -> int | None:
    """The time in a line ``#seconds``."""
    digits = line[1:]
    if not (line.startswith(b"#") and digits.isdigit() and len(digits) <= 19):
        return None
    seconds = int(digits)
    return seconds if seconds <= _LATEST else None


def _zsh(line: bytes) -> tuple[int, bytes]:
    """Time and command of a line ``: seconds:duration;command``; of another line 0 and all of it."""
    if line.startswith(b":"):
        head, semicolon, command = line[1:].partition(b";")
        time, colon, duration = head.lstrip(b" ").partition(b":")
        if semicolon and colon and time.isdigit() and len(time) <= 11 and duration.isdigit():
            return int(time), command
    return 0, line


def _plain(command: bytes) -> bytes:
    """The bytes that zsh meant, when they are text only that way."""
    plain = bytearray()
    turned = 0
    for byte in command:
        if byte == _META and not turned:
            turned = 32
        else:
            plain.append(byte ^ turned)
            turned = 0
    try:
        plain.decode()
    except UnicodeDecodeError:
        return command
    return bytes(plain)
