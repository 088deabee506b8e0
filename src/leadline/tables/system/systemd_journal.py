"""The systemd_journal table."""

from __future__ import annotations

from leadline.linux.journal import entries
from leadline.linux.text import clean, decode
from leadline.sql.schema import (
    BIGINT,
    GREATER,
    GREATER_EQUALS,
    INTEGER,
    LESS,
    LESS_EQUALS,
    LINUX,
    TEXT,
    Column,
    Query,
    Rows,
    table,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.linux.journal.file import Entry, JournalFile

    Fields = dict[str, list[bytes]]

SECOND = 1_000_000
# column → fields that it is read from
SOURCES = {
    "unit": ("_SYSTEMD_UNIT", "UNIT", "_PID"),
    "user_unit": ("_SYSTEMD_USER_UNIT", "USER_UNIT"),
    "priority": ("PRIORITY",),
    "identifier": ("SYSLOG_IDENTIFIER",),
    "pid": ("_PID",),
    "uid": ("_UID",),
    "gid": ("_GID",),
    "hostname": ("_HOSTNAME",),
    "message": ("MESSAGE",),
    "transport": ("_TRANSPORT",),
    "comm": ("_COMM",),
    "exe": ("_EXE",),
    "cmdline": ("_CMDLINE",),
    "machine_id": ("_MACHINE_ID",),
}
# columns whose = goes to the files' hash tables, the most selective first
MATCHES = {"unit": ("_SYSTEMD_UNIT", "UNIT"), "pid": ("_PID",), "identifier": ("SYSLOG_IDENTIFIER",)}


@table(
    "systemd_journal",
    Column("time", BIGINT, "When the entry was received, in seconds since 1970.", required=True),
    Column("time_usec", BIGINT, "The same in microseconds."),
    Column("unit", TEXT, "Unit that logged; of systemd's own messages the unit they are about.", required=True,
           optimized=True),
    Column("user_unit", TEXT, "Unit of the user's own systemd that logged."),
    Column("priority", INTEGER, "Severity: 0 emergency, 3 error, 4 warning, 6 information, 7 debug."),
    Column("identifier", TEXT, "Name that the program logs under.", additional=True, optimized=True),
    Column("pid", INTEGER, "Process id.", additional=True, optimized=True),
    Column("uid", BIGINT, "User id of the process."),
    Column("gid", BIGINT, "Group id of the process."),
    Column("hostname", TEXT, "Name of the machine."),
    Column("message", TEXT, "Text of the message, at most a mebibyte."),
    Column("transport", TEXT, "How it was received: journal, syslog, stdout, kernel, audit, driver."),
    Column("comm", TEXT, "Short name of the process."),
    Column("exe", TEXT, "Path of the program."),
    Column("cmdline", TEXT, "Arguments of the process."),
    Column("boot_id", TEXT, "Id of the system's run, from one start to the next."),
    Column("machine_id", TEXT, "Id of the machine."),
    Column("seqnum", BIGINT, "Number of the entry in its sequence."),
    Column("cursor", TEXT, "Place of the entry, as journalctl --cursor takes it.", hidden=True),
    Column("path", TEXT, "Journal file that holds the entry.", hidden=True),
    Column("fields", TEXT, "All fields of the entry as a JSON object.", hidden=True),
    platforms=LINUX,
    ours=True,
    examples=[
        "SELECT datetime(time, 'unixepoch') AS at, unit, message FROM systemd_journal"
        " WHERE time > strftime('%s', 'now') - 3600 AND priority <= 3",
        "SELECT time, message FROM systemd_journal WHERE unit = 'ssh.service' AND message LIKE '%Failed password%'",
    ],
    notes="From the files in /var/log/journal and /run/log/journal, oldest entries first. A constraint on time or"
    " unit is required; they, pid and identifier find entries without reading the others. Reading what others logged"
    " takes root or the group systemd-journal. Damaged entries are left out.",
)  # fmt: skip
def systemd_journal(query: Query) -> Rows:
    """Messages in the journal of systemd, with who logged them."""
    since, until = _times(query)
    matches = _matches(query)
    if since > until or matches == []:
        return
    everything = query.uses("fields")
    needed = {field for column, fields in SOURCES.items() if query.uses(column) for field in fields}
    cursor = query.uses("cursor")

    def wanted(name: str) -> bool:
        return everything or name in needed

    for path, file, entry in entries.read(query.root, matches, since, until, query.warn, query.cancelled):
        if query.cancelled():
            return
        fields: Fields = {}
        if everything or needed:
            for name, value in file.values(entry, wanted):
                fields.setdefault(name, []).append(value)
        yield (
            entry.realtime // SECOND,
            _signed(entry.realtime),
            _unit(fields),
            _text(fields, "_SYSTEMD_USER_UNIT") or _text(fields, "USER_UNIT"),
            _number(fields, "PRIORITY"),
            _text(fields, "SYSLOG_IDENTIFIER"),
            _number(fields, "_PID"),
            _number(fields, "_UID"),
            _number(fields, "_GID"),
            _text(fields, "_HOSTNAME"),
            _text(fields, "MESSAGE"),
            _text(fields, "_TRANSPORT"),
            _text(fields, "_COMM"),
            _text(fields, "_EXE"),
            _text(fields, "_CMDLINE"),
            entry.boot_id,
            _text(fields, "_MACHINE_ID") or file.machine_id,
            _signed(entry.seqnum),
            _cursor(file, entry) if cursor else None,
            path,
            _json(fields) if everything else None,
        )


def _times(query: Query) -> tuple[int, int]:
    """The first and last microsecond that the constraints on time allow."""
    since, until = 0, entries.FOREVER
    equal = query.equals("time")
    if equal is not None:
        seconds = [one for one in equal if isinstance(one, int)]
        since, until = (min(seconds) * SECOND, max(seconds) * SECOND + SECOND - 1) if seconds else (1, 0)
    for operator, value in query.matching("time"):
        if not isinstance(value, int | float) or not abs(value) < 1 << 53:
            continue
        second = int(value // 1)
        if operator == GREATER:
            since = max(since, (second + 1) * SECOND)
        elif operator == GREATER_EQUALS:
            since = max(since, second * SECOND)
        elif operator == LESS:
            until = min(until, (second if second == value else second + 1) * SECOND - 1)
        elif operator == LESS_EQUALS:
            until = min(until, (second + 1) * SECOND - 1)
    return since, until


def _matches(query: Query) -> list[bytes] | None:
    """The fields to look for in the files, ``NAME=value``; None when every entry has to be looked at."""
    for column, names in MATCHES.items():
        values = query.equals(column)
        if values is not None:
            texts = [str(value) for value in values if isinstance(value, str | int)]
            return [f"{name}={text}".encode(errors="replace") for text in texts for name in names]
    return None


def _unit(fields: Fields) -> str | None:
    """systemd itself, process 1, tells in UNIT what it writes about; of others anybody could write that."""
    about = _text(fields, "UNIT") if fields.get("_PID") == [b"1"] else None
    return about or _text(fields, "_SYSTEMD_UNIT")


def _text(fields: Fields, name: str) -> str | None:
    values = fields.get(name)
    return decode(values[0]) if values else None


def _number(fields: Fields, name: str) -> int | None:
    values = fields.get(name)
    return int(values[0]) if values and values[0].isdigit() and len(values[0]) < 19 else None


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def _cursor(file: JournalFile, entry: Entry) -> str:
    return (
        f"s={file.seqnum_id};i={entry.seqnum:x};b={entry.boot_id};m={entry.monotonic:x};t={entry.realtime:x}"
        f";x={entry.xor_hash:x}"
    )


def _json(fields: Fields) -> str:
    """Fields by name; one that comes several times is a list."""
    import json

    texts = {name: [decode(value) for value in values] for name, values in fields.items()}
    return json.dumps({clean(name): values[0] if len(values) == 1 else values for name, values in texts.items()})
