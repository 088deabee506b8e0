"""The parse_ini table."""

from __future__ import annotations

from leadline.linux import initext
from leadline.linux.text import clean
from leadline.sql.schema import BIGINT, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.files import documents
from leadline.tables.namespaces import MOUNT_NAMESPACE_ID, PID_WITH_NAMESPACE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_BOOLEANS = {
    **dict.fromkeys(("t", "T", "true", "TRUE", "True", "YES", "yes", "Yes", "y", "ON", "on", "On"), "true"),
    **dict.fromkeys(("f", "F", "false", "FALSE", "False", "NO", "no", "No", "n", "OFF", "off", "Off"), "false"),
}


@table(
    "parse_ini",
    documents.PATH,
    Column("fullkey", TEXT, "Section and name, joined by `/`."),
    Column("parent", TEXT, "Section; `DEFAULT` for what precedes the first."),
    Column("key", TEXT, "Name."),
    Column("value", TEXT, "Value; words such as yes, on and y as `true`, no, off and n as `false`."),
    Column("section", TEXT, "Section, as in parent."),
    Column("raw", TEXT, "Value as the file has it, without quotes; NULL for a name without value."),
    Column("line", BIGINT, "Number of the line, from 1."),
    PID_WITH_NAMESPACE,
    MOUNT_NAMESPACE_ID,
    platforms=LINUX,
    ours=True,
    examples=[
        "SELECT section, key, raw FROM parse_ini WHERE path = '/etc/systemd/journald.conf'",
        "SELECT path, value FROM parse_ini WHERE path LIKE '/usr/lib/systemd/system/%.service'"
        " AND fullkey = 'Service/ExecStart'",
    ],
    notes="Any file that the program may read, up to the flag `read_max`. A name that occurs twice has two rows. A file"
    " with a broken line has no rows and is named in a warning.",
)
def parse_ini(query: Query) -> Rows:
    """Entries of INI files, systemd units and desktop entries among them, one row for each."""
    yield from documents.rows(query, _read)


def _read(data: bytes) -> Iterator[documents.Item]:
    try:
        for section, name, value, line in initext.entries(documents.text(data)):
            raw = None if value is None else clean(value)
            yield [section, name], _BOOLEANS.get(raw, raw) if raw else raw, clean(section), raw, line
    except initext.INIError as error:
        raise documents.ContentError(str(error)) from None
