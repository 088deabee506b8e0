"""The shadow file: what is known about local users' passwords. Format: shadow(5)."""

from __future__ import annotations

from leadline.linux import files, rooted
from leadline.linux.text import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_UNSET = -1  # what getspnam(3) gives for a number that is not there
_MOST = (1 << 63) - 1
_WORD = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")


class Entry:
    """One line. ``days`` are last change, minimum, maximum, warning, inactive and expire, -1 where nothing is set.

    ``status`` is `not_set`, `locked`, `empty` or `active`; ``algorithm`` is crypt(5)'s identifier of the hash, and
    ``flag`` the reserved field; both None when there is none. The hash itself is never kept.
    """

    __slots__ = ("algorithm", "days", "flag", "name", "status")

    def __init__(self, name: str, status: str, algorithm: str | None, days: list[int], flag: int | None) -> None:
        self.name = name
        self.status = status
        self.algorithm = algorithm
        self.days = days
        self.flag = flag


def entries(root: str) -> Iterator[Entry]:
    """The lines of the file in their order; none without the right to read it. Lines that are no entry are left out."""
    for line in (files.read(rooted.path(root, "/etc/shadow")) or b"").split(b"\n"):
        fields = line.split(b":")
        # Names with a sign in front stand for a directory service, nsswitch.conf(5): nobody can log in with them.
        if len(fields) not in (8, 9) or not fields[0] or fields[0][:1] in b"+-#":
            continue
        numbers = [_number(field) for field in fields[2:]]
        if any(number is None for number in numbers):
            continue
        days = [number for number in numbers[:6] if number is not None]
        flag = numbers[6] if len(numbers) > 6 else _UNSET
        password = fields[1]
        yield Entry(decode(fields[0]), _status(password), _algorithm(password), days, None if flag == _UNSET else flag)


def _number(field: bytes) -> int | None:
    field = field.strip()
    if not field:
        return _UNSET
    digits = field[1:] if field[:1] in (b"-", b"+") else field
    if not digits.isdigit() or len(digits) > 19:
        return None
    number = int(field)
    return number if -_MOST <= number <= _MOST else None


def _status(password: bytes) -> str:
    if password == b"!!":
        return "not_set"
    if password[:1] in (b"!", b"*", b"x"):
        return "locked"
    return "active" if password else "empty"


def _algorithm(password: bytes) -> str | None:
    """The identifier between the first two ``$``: 6 for SHA-512, y for yescrypt. A DES hash has none."""
    parts = password[:64].split(b"$", 2)
    known = len(parts) == 3 and not parts[0] and parts[1] and _WORD.issuperset(parts[1])
    return parts[1].decode() if known else None
