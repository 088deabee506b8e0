"""The file_events table."""

from __future__ import annotations

from leadline.sql.schema import BIGINT, INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.events import stored


@table(
    "file_events",
    Column("target_path", TEXT, "File that changed."),
    Column("category", TEXT, "Name under which the configuration lists the file."),
    Column("action", TEXT, "ACCESSED, ATTRIBUTES_MODIFIED, CREATED, DELETED, MOVED_FROM, MOVED_TO, OPENED or UPDATED."),
    Column("transaction_id", BIGINT, "Number that the two halves of a move share."),
    Column("inode", BIGINT, "Inode number."),
    Column("uid", BIGINT, "User id of the owner."),
    Column("gid", BIGINT, "Group id of the owner."),
    Column("mode", TEXT, "Permissions as an octal number."),
    Column("size", BIGINT, "Size in bytes."),
    Column("atime", BIGINT, "Last access of the file, in seconds since 1970."),
    Column("mtime", BIGINT, "Last change of the content, in seconds since 1970."),
    Column("ctime", BIGINT, "Last change of the inode, in seconds since 1970."),
    Column("md5", TEXT, "MD5 digest of the content.", collate="nocase"),
    Column("sha1", TEXT, "SHA-1 digest of the content.", collate="nocase"),
    Column("sha256", TEXT, "SHA-256 digest of the content.", collate="nocase"),
    Column("hashed", INTEGER, "1 when the digests are there, -1 when they could not be made, else 0."),
    Column("time", BIGINT, "When it happened, in seconds since 1970.", additional=True),
    Column("eid", TEXT, "Number of the event, growing by one with each of the table.", hidden=True),
    platforms=LINUX,
    events=True,
    examples=["SELECT time, action, target_path, sha256 FROM file_events WHERE category = 'configuration'"],
    notes=(
        "Recorded by a running agent with --enable_file_events and file_paths in the configuration; without it "
        "there are no rows. Kept for events_expiry seconds."
    ),
)
def file_events(query: Query) -> Rows:
    """Changes of watched files."""
    return stored.rows(query)
