"""What The Sleuth Kit finds on a disk or an image of one. Runs in a child process: see leadline.linux.isolated.

The library is written in C and reads what an attacker may have written, and the caller is often root. So once the
disk is open the child gives its rights away, and opens nothing any more.
"""

from __future__ import annotations

import os
import stat

from leadline.linux.text import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    Row = tuple[Any, ...]

_NOBODY = 65534
_CHUNK = 1 << 20
_HIGHEST = (1 << 63) - 1
_REMEMBERED = 1 << 20  # inodes that are remembered, so that none is looked at twice
_LONGEST = 64 << 10  # characters of a path
_SIGN = 256  # files that are passed over between two signs of life
_META, _UNALLOCATED = 4, 2  # TSK_VS_PART_FLAG_ENUM
_REGULAR, _DIRECTORY = 1, 2
_TYPES = {1: "regular", 2: "directory", 3: "fifo", 4: "character", 5: "block", 6: "symlink", 8: "socket"}
_ALGORITHMS = ("md5", "sha1", "sha256")


def rows(arguments: list[str], _: object) -> Iterator[Row | str | None]:
    """The rows of the request in the first argument, an object in JSON, each as the columns of a table behind device.

    ``path`` is where the device is, ``regular`` whether it must be a file. ``want`` is partitions; or files, with lists
    ``partitions``, ``paths`` and ``inodes`` or null for all of them, and ``named``: whether paths are looked for; or
    hashes, with ``partitions``, ``inodes`` and the size ``largest`` up to which files are read. A text is a warning,
    None says that the search goes on.
    """
    import hashlib  # noqa: F401 before nobody may read the library any more
    import json

    request = json.loads(arguments[0])
    try:
        import pytsk3  # type: ignore[import-not-found]
    except ImportError:
        yield "pytsk3, The Sleuth Kit for Python, is not installed"
        return
    image = _image(pytsk3, request["path"], request["regular"])
    if image is None:
        return
    _give_away()
    try:
        volume = pytsk3.Volume_Info(image)
    except OSError:  # no table of partitions
        return
    for part in volume:
        number = str(part.addr)
        if request["want"] == "partitions":
            yield _partition(pytsk3, image, volume, part)
        elif request["partitions"] is None or number in request["partitions"]:
            system = _system(pytsk3, image, volume, part)
            if system is not None and request["want"] == "files":
                yield from _files(system, number, request["paths"], request["inodes"], request["named"])
            elif system is not None:
                yield from _hashes(system, number, request["inodes"], request["largest"])


def _image(pytsk3: Any, path: str, regular: bool) -> Any:
    """The disk as the library reads it; None when there is none, or it may not be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode) and (regular or not stat.S_ISBLK(mode)):
            return None
        size = os.lseek(descriptor, 0, os.SEEK_END)
    except (OSError, ValueError):
        return None

    class Image(pytsk3.Img_Info):  # type: ignore[misc]
        """Its bytes; the library's own opening would also take other formats, which nobody asked for."""

        def __init__(self) -> None:
            super().__init__(url="", type=pytsk3.TSK_IMG_TYPE_EXTERNAL)

        def read(self, offset: int, length: int) -> bytes:
            return os.pread(descriptor, length, offset)

        def get_size(self) -> int:
            return size

        def close(self) -> None:
            pass

    return Image()


def _give_away() -> None:
    """Become nobody, who may start nothing and write no file."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def _system(pytsk3: Any, image: Any, volume: Any, part: Any) -> Any:
    """The file system in a partition; None when there is none that the library knows."""
    try:
        return pytsk3.FS_Info(image, offset=part.start * volume.info.block_size)
    except (OSError, OverflowError):
        return None


def _partition(pytsk3: Any, image: Any, volume: Any, part: Any) -> Row:
    flags, block = int(part.flags), int(volume.info.block_size)
    start, label = part.start * block, decode(part.desc or b"")
    system = _system(pytsk3, image, volume, part)
    if system is None:
        kind = "meta" if flags & _META else "unallocated" if flags & _UNALLOCATED else "normal"
        return int(part.addr), label, kind, _signed(start), block, _signed(part.len), -1, flags
    info = system.info
    return (
        int(part.addr), label, _type(pytsk3, int(info.ftype)), _signed(start), int(info.block_size),
        _signed(info.block_count), _signed(info.inum_count), int(info.flags),
    )  # fmt: skip


def _type(pytsk3: Any, number: int) -> str:
    """The library's name for a type of file system."""
    prefix, others = "TSK_FS_TYPE_", ("_DETECT", "_ENUM", "_UNSUPP")
    names = (name for name in dir(pytsk3) if name.startswith(prefix) and not name.endswith(others))
    found = next((name for name in names if int(getattr(pytsk3, name)) == number), prefix + "UNKNOWN")
    return found.removeprefix(prefix).lower().replace("ffs", "ufs")


def _files(
    system: Any, partition: str, paths: list[str] | None, inodes: list[int] | None, named: bool
) -> Iterator[Row | None]:
    """The files at the paths, else of the inodes, else every regular file.

    An inode does not know its names: these are looked for in all directories, if anybody wants to know them.
    """
    if paths is not None:
        for path in paths:
            file = _at(system, path)
            if file is not None:
                yield _file(system, partition, path, file)
        return
    left = None if inodes is None else set(inodes)
    if left is None or named:
        for count, (path, file) in enumerate(_walk(system)):
            if inodes is None or int(file.info.meta.addr) in inodes:
                yield _file(system, partition, path, file)
                if left is not None:
                    left.discard(int(file.info.meta.addr))
            elif count % _SIGN == 0:
                yield None
    for _, file in _of_inodes(system, left or ()):
        yield _file(system, partition, None, file)


def _at(system: Any, path: str) -> Any:
    try:
        return system.open(path) if path.startswith("/") else None
    except (OSError, ValueError):
        return None


def _walk(system: Any) -> Iterator[tuple[str, Any]]:
    """Every regular file that a directory names, deleted ones too where their inode is still known."""
    seen = {int(system.info.root_inum)}
    folders = [(int(system.info.root_inum), "/")]
    while folders:
        inode, folder = folders.pop()
        try:
            members = iter(system.open_dir(inode=inode))
        except OSError:
            continue
        for file in _members(members):
            meta, name = file.info.meta, file.info.name
            if meta is None or name is None:
                continue
            path = folder + decode(name.name or b"")
            kind, number = int(meta.type), int(meta.addr)
            if kind == _REGULAR:
                yield path, file
            elif kind == _DIRECTORY and number not in seen and len(seen) < _REMEMBERED and len(path) < _LONGEST:
                seen.add(number)  # . and .. have been seen too
                folders.append((number, f"{path}/"))


def _members(members: Iterator[Any]) -> Iterator[Any]:
    """The entries of a directory up to one that cannot be read."""
    while True:
        try:
            yield next(members)
        except (StopIteration, OSError):
            return


def _file(system: Any, partition: str, path: str | None, file: Any) -> Row:
    filename = None if path is None else path.rpartition("/")[2]
    meta = file.info.meta
    block = int(system.info.block_size)
    if meta is None:
        return partition, path, filename, None, None, None, None, None, block
    return (
        partition, path, filename, _signed(meta.addr), int(meta.uid), int(meta.gid), f"{int(meta.mode) & 0o7777:04o}",
        _signed(meta.size), block, int(meta.atime), int(meta.mtime), int(meta.crtime), int(meta.nlink),
        _TYPES.get(int(meta.type), "unknown"),
    )  # fmt: skip


def _hashes(system: Any, partition: str, inodes: list[int] | None, largest: int) -> Iterator[Row]:
    """The digests of the inodes, else of every regular file, also where it has several names."""
    done: set[int] = set()
    for inode, file in _every_inode(system) if inodes is None else _of_inodes(system, inodes):
        if file.info.meta is not None and inode not in done:
            if inodes is None and len(done) < _REMEMBERED:
                done.add(inode)
            yield partition, inode, *_digests(file, _signed(file.info.meta.size), largest)


def _every_inode(system: Any) -> Iterator[tuple[int, Any]]:
    for _, file in _walk(system):
        yield _signed(file.info.meta.addr), file


def _of_inodes(system: Any, inodes: Iterable[int]) -> Iterator[tuple[int, Any]]:
    for inode in inodes:
        try:
            yield inode, system.open_meta(inode)
        except (OSError, OverflowError, TypeError):
            continue


def _digests(file: Any, size: int, largest: int) -> list[str | None]:
    """The digests of a file's content; None when it is too large or cannot be read to its end."""
    import hashlib

    if not 0 <= size <= largest:
        return [None] * len(_ALGORITHMS)
    hashes = [hashlib.new(algorithm, usedforsecurity=False) for algorithm in _ALGORITHMS]
    place = 0
    while place < size:
        try:
            data = file.read_random(place, min(_CHUNK, size - place))
        except OSError:
            data = b""
        if not data:
            return [None] * len(_ALGORITHMS)
        for one in hashes:
            one.update(data)
        place += len(data)
    return [one.hexdigest() for one in hashes]


def _signed(number: Any) -> int:
    """A number of 64 bits as a column has it: large unsigned ones as their two's complement."""
    value = int(number) & (1 << 64) - 1
    return value if value <= _HIGHEST else value - (1 << 64)
