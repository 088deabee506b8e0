"""Users and groups: of the local files, passwd(5) and group(5), and of the name service, nsswitch.conf(5)."""

from __future__ import annotations

from leadline.linux import files, rooted
from leadline.linux.text import clean, decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    import pwd
    from collections.abc import Iterable, Iterator

_HIGHEST = 0xFFFFFFFF
_OF_THIS_MACHINE = frozenset((b"files", b"systemd"))  # services that know no more groups of a user than /etc/group


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


def remote(names: Iterable[object] | None = None, uids: Iterable[object] | None = None) -> Iterator[User]:
    """Users that the running system's name service knows (LDAP, SSSD and the local files).

    Only the named ones where names or uids are given: a directory may be huge.
    """
    for entry in _entries(names, uids):
        yield User(
            clean(entry.pw_name), entry.pw_uid, entry.pw_gid, clean(entry.pw_gecos), clean(entry.pw_dir),
            clean(entry.pw_shell),
        )  # fmt: skip


def _entries(names: Iterable[object] | None, uids: Iterable[object] | None) -> Iterator[pwd.struct_passwd]:
    import pwd

    if names is None and uids is None:
        yield from pwd.getpwall()
    for name in names or ():
        try:
            yield pwd.getpwnam(str(name))
        except (KeyError, ValueError):
            continue
    for uid in (uids or ()) if names is None else ():
        try:
            yield pwd.getpwuid(int(str(uid)))
        except (KeyError, ValueError, OverflowError):
            continue


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


def groups_elsewhere(root: str) -> bool:
    """Whether the name service asks others than this machine's own files for the groups of a user, nsswitch.conf(5)."""
    services: dict[bytes, list[bytes]] = {}
    for line in (files.read(rooted.path(root, "/etc/nsswitch.conf")) or b"").split(b"\n"):
        database, _, rest = line.partition(b"#")[0].partition(b":")
        # What stands in brackets says what to do with an answer.
        services.setdefault(database.strip(), []).extend(word for word in rest.split() if word.isalnum())
    asked = services.get(b"initgroups") or services.get(b"group") or []
    return not _OF_THIS_MACHINE.issuperset(asked)


class Names:
    """Names of users and groups by number: those of the files, for the running system also those of its name service.

    Of several names with one number the first stands for it, as in getpwuid(3). A number without a name is its own.
    """

    __slots__ = ("_groups", "_root", "_users")

    def __init__(self, root: str) -> None:
        self._root = root
        self._users: dict[int, str] | None = None
        self._groups: dict[int, str] | None = None

    def user(self, uid: int) -> str:
        if self._users is None:
            self._users = {user.uid: user.name for user in reversed(list(users(self._root)))}
        if uid not in self._users:
            found = None if self._root else next(remote(uids=(uid,)), None)
            self._users[uid] = found.name if found else str(uid)
        return self._users[uid]

    def group(self, gid: int) -> str:
        if self._groups is None:
            self._groups = {group.gid: group.name for group in reversed(list(groups(self._root)))}
        if gid not in self._groups:
            self._groups[gid] = (None if self._root else _remote_group(gid)) or str(gid)
        return self._groups[gid]


def _remote_group(gid: int) -> str | None:
    import grp

    try:
        return clean(grp.getgrgid(gid).gr_name)
    except (KeyError, OverflowError):
        return None


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
