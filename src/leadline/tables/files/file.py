"""The file table."""

from __future__ import annotations

import os

from leadline.linux import files, rooted, walk
from leadline.linux.text import clean
from leadline.sql.schema import BIGINT, INTEGER, LINUX, MACOS, TEXT, WINDOWS, Column, Query, Rows, table
from leadline.tables import namespaces
from leadline.tables.files import selection
from leadline.tables.namespaces import MOUNT_NAMESPACE_ID, PID_WITH_NAMESPACE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from leadline.linux.walk import Entry
    from leadline.sql.schema import Row

# Columns that can be told only by asking the system about the file itself.
_STATUS = (
    "inode", "uid", "gid", "mode", "device", "size", "block_size", "atime", "mtime", "ctime", "hard_links",
)  # fmt: skip
_KIND = ("btime", "symlink", "type", "symlink_target_path")
_TYPES = {
    0o010000: "fifo", 0o020000: "character", 0o040000: "directory", 0o060000: "block", 0o100000: "regular",
    0o120000: "symlink", 0o140000: "socket",
}  # fmt: skip
_FORMAT = 0o170000
_HIGHEST = (1 << 63) - 1
_MODES: dict[int, tuple[str, str]] = {}  # st_mode → mode, type; as many as there are combinations of bits
_UNSTATED = (None,) * 10
_REGULAR = (*_UNSTATED, 0, None, 0, "regular", None)
_DIRECTORY = (*_UNSTATED, 0, None, 0, "directory", None)


@table(
    "file",
    Column("path", TEXT, "Path; a directory found by LIKE ends in `/`.", required=True, index=True, optimized=True),
    Column("directory", TEXT, "Directory it lies in.", required=True, optimized=True),
    Column("filename", TEXT, "Name without its directory; `.` for a path that ends in `/`."),
    Column("inode", BIGINT, "Inode number."),
    Column("uid", BIGINT, "User id of the owner."),
    Column("gid", BIGINT, "Group id of the owner."),
    Column("mode", TEXT, "Permissions as four octal digits."),
    Column("device", BIGINT, "Device a device file stands for; 0 for others."),
    Column("size", BIGINT, "Size in bytes."),
    Column("block_size", INTEGER, "Block size for efficient reading, in bytes."),
    Column("atime", BIGINT, "Last access, in seconds since 1970."),
    Column("mtime", BIGINT, "Last change of the content, in seconds since 1970."),
    Column("ctime", BIGINT, "Last change of the inode, in seconds since 1970."),
    Column("btime", BIGINT, "Creation, in seconds since 1970; 0 on Linux."),
    Column("hard_links", INTEGER, "Number of hard links."),
    Column("symlink", INTEGER, "1 for a symbolic link, whose other columns tell of its target; else 0."),
    Column("type", TEXT, "regular, directory, block, character, fifo, socket, or unknown for a link to nowhere."),
    Column("symlink_target_path", TEXT, "What a symbolic link points to, as written in it."),
    Column("attributes", TEXT, "File attributes.", platforms=WINDOWS),
    Column("volume_serial", TEXT, "Serial number of the volume.", platforms=WINDOWS),
    Column("file_id", TEXT, "Number of the file in its volume.", platforms=WINDOWS),
    Column("file_version", TEXT, "Version from the file's resources.", collate="version", platforms=WINDOWS),
    Column("product_version", TEXT, "Product version from the file's resources.", collate="version", platforms=WINDOWS),
    Column("original_filename", TEXT, "Name the file was built under.", platforms=WINDOWS),
    Column("shortcut_target_path", TEXT, "What a shortcut opens.", platforms=WINDOWS),
    Column("shortcut_target_type", TEXT, "Type of what a shortcut opens.", platforms=WINDOWS),
    Column("shortcut_target_location", TEXT, "Folder of what a shortcut opens.", platforms=WINDOWS),
    Column("shortcut_start_in", TEXT, "Working directory of a shortcut.", platforms=WINDOWS),
    Column("shortcut_run", TEXT, "Window a shortcut opens in.", platforms=WINDOWS),
    Column("shortcut_comment", TEXT, "Comment of a shortcut.", platforms=WINDOWS),
    Column("bsd_flags", TEXT, "Flags set with chflags(1).", platforms=MACOS),
    PID_WITH_NAMESPACE,
    MOUNT_NAMESPACE_ID,
    platforms=LINUX,
    utility=True,
    examples=[
        "SELECT path, mode, uid FROM file WHERE path = '/etc/passwd'",
        "SELECT path, size, mtime FROM file WHERE path LIKE '/etc/ssh/%'",
        "SELECT filename, type FROM file WHERE directory = '/etc'",
        "SELECT path FROM file WHERE path LIKE '/etc/systemd/%%' AND type = 'regular'",
    ],
    notes=(
        "From stat(2) of each file; contents are not read, so access times stay. What may not be read or vanishes"
        " meanwhile is left out. A trailing `%%` goes 64 directories deep at most and enters each directory once."
    ),
)  # fmt: skip
def file(query: Query) -> Rows:
    """Files by path or directory. In a LIKE, `%` stays within one directory and a trailing `%%` goes below."""
    for root, end in namespaces.roots(query):
        if end or query.uses("directory", "filename", *_KIND, *_STATUS):
            # The ends of rows follow the last column, which only _status fills up to.
            tail = _status if end or query.uses(*_STATUS) else _kind if query.uses(*_KIND) else _nothing
            yield from _rows(root, query, tail, end)
            continue
        for path, entry in selection.by_path(root, query):  # a constraint on the directory reads that column
            if entry or walk.exists(root, path):
                yield (path if path.isascii() else clean(path),)


def _rows(root: str, query: Query, tail: Callable[[str, str, Entry | None], Row | None], end: Row) -> Rows:
    for path, entry in selection.by_path(root, query):
        rest = tail(root, path, entry)
        if rest is None:
            continue
        directory, filename = _split(path, entry)
        if path.isascii():
            yield (path, directory, filename, *rest, *end)
        else:
            yield (clean(path), clean(directory), clean(filename), *rest, *end)
    for directory, path, entry in selection.by_directory(root, query):
        rest = tail(root, path, entry)
        if rest is not None:
            yield (clean(path), directory, clean(entry.name), *rest, *end)


def _split(path: str, entry: Entry | None) -> tuple[str, str]:
    """Directory and file name of a path, as boost::filesystem has them."""
    if path[-1:] == "/":
        return selection.parent(path), "." if path.strip("/") else "/"
    if entry:
        directory = path[: -len(entry.name) - 1]
        if directory and directory[-1] != "/":
            return directory, entry.name
    return selection.parent(path), path.rpartition("/")[2]


def _nothing(root: str, path: str, entry: Entry | None) -> Row | None:
    """No further columns, only whether the file exists; None when it does not."""
    return () if entry or walk.exists(root, path) else None


def _kind(root: str, path: str, entry: Entry | None) -> Row | None:
    """The columns from inode on that a directory entry tells without a call to the system; None for no such file."""
    if entry:
        if path[-1] == "/":
            return _DIRECTORY
        if entry.is_file(follow_symlinks=False):
            return _REGULAR
        if entry.is_dir(follow_symlinks=False):
            return _DIRECTORY
    return _status(root, path, entry)


def _status(root: str, path: str, entry: Entry | None) -> Row | None:
    """The columns from inode on; None when the file has vanished, or never was there.

    A path that ends in "/" is that of a directory, a link to it or not, as lstat(2) has it.
    """
    try:
        if entry is None:
            status = os.lstat(rooted.path(root, path, follow=path[-1:] == "/"))
        elif path[-1] == "/" and entry.is_symlink():
            status = os.stat(rooted.path(root, path))
        else:
            status = entry.stat(follow_symlinks=False)
    except (OSError, ValueError):
        return None
    mode, inode, _, links, uid, gid, size, atime, mtime, ctime = status
    try:
        permissions, kind = _MODES[mode]
    except KeyError:
        permissions, kind = _MODES[mode] = f"{mode & 0o7777:04o}", _TYPES.get(mode & _FORMAT, "unknown")
    if kind == "symlink":
        return _followed(root, path, status)
    return (
        inode if inode <= _HIGHEST else inode - (1 << 64), uid, gid, permissions, status.st_rdev, size,
        status.st_blksize, atime, mtime, ctime, 0, links, 0, kind, None,
    )  # fmt: skip


def _followed(root: str, path: str, status: os.stat_result) -> Row:
    """The same for a link: of its target, or of itself when it leads nowhere."""
    kind = "unknown"
    try:
        status = os.stat(rooted.path(root, path))
        kind = _TYPES.get(status.st_mode & _FORMAT, kind)
    except OSError:
        pass
    target = files.link(rooted.path(root, path, follow=False))
    inode = status.st_ino
    return (
        inode if inode <= _HIGHEST else inode - (1 << 64), status.st_uid, status.st_gid,
        f"{status.st_mode & 0o7777:04o}", status.st_rdev, status.st_size, status.st_blksize, status[7], status[8],
        status[9], 0, status.st_nlink, 1, kind, None if target is None else clean(target),
    )  # fmt: skip
