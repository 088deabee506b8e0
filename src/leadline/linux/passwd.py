"""Users and groups of the local files. Formats: passwd(5), group(5)."""

from __future__ import annotations

from leadline.linux import files, rooted
from leadline.linux.text import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_HIGHEST = 0xFFFFFFFF


class User:
    """One line of the passwd file."""

    __slots__ = ("description", "directory", "gid", "name", "shell", "uid")

    def __init__(self, name: str, uid: int, gid: int, description: str, directory: str, shell: str) -> None:
        self.name = name
        self.uid = uid
        self.gid = gid
        self.description = description
        self.directory = directory
        self.shell = shell


class Group:
    """One line of the group file."""

    __slots__ = ("gid", "members", "name")

    def __init__(self, name: str, gid: int, members: list[str]) -> None:
        self.name = name
        self.gid = gid
        self.members = members


def users(root: str) -> Iterator[User]:
    """The users of /etc/passwd in its order; lines without a name or a numeric uid and gid are left out."""
    for name, fields in _lines(root, "/etc/passwd"):
        uid, gid = _number(fields[2]), _number(fields[3]) if len(fields) > 3 else None
        if uid is None or gid is None:
            continue
        rest = [decode(field) for field in fields[4:7]]
        rest += [""] * (3 - len(rest))
        yield User(name, uid, gid, *rest)


def groups(root: str) -> Iterator[Group]:
    """The groups of /etc/group in its order; lines without a name or a numeric gid are left out."""
    for name, fields in _lines(root, "/etc/group"):
        gid = _number(fields[2])
        if gid is not None:
            members = fields[3].split(b",") if len(fields) > 3 else []
            yield Group(name, gid, [decode(member.strip()) for member in members if member.strip()])


def memberships(root: str) -> dict[str, list[int]]:
    """For each user that a group lists, the gids of those groups in the order of /etc/group."""
    found: dict[str, list[int]] = {}
    for group in groups(root):
        for member in group.members:
            found.setdefault(member, []).append(group.gid)
    return found


def signed(number: int) -> int:
    """The 32-bit signed view of a uid or gid: 4294967294 is -2."""
    return number - (1 << 32) if number > 0x7FFFFFFF else number


def _lines(root: str, path: str) -> Iterator[tuple[str, list[bytes]]]:
    """The lines with at least three fields. `+` and `-` are directives of NIS compatibility and no accounts."""
    for line in (files.read(rooted.path(root, path)) or b"").split(b"\n"):
        fields = line.lstrip().split(b":")
        if len(fields) > 2 and fields[0] and fields[0][:1] not in b"#+-":
            yield decode(fields[0]), fields


def _number(field: bytes) -> int | None:
    if not field.isdigit() or len(field) > 10:
        return None
    number = int(field)
    return number if number <= _HIGHEST else None
