"""The system_controls table."""

from __future__ import annotations

from leadline.linux import sysctl
from leadline.sql.schema import LIKE, LINUX, MACOS, TEXT, Column, Query, Rows, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


@table(
    "system_controls",
    Column("name", TEXT, "Name of the parameter, with dots.", index=True),
    Column("oid", TEXT, "Number of the parameter; Linux has none.", additional=True),
    Column("subsystem", TEXT, "First part of the name: kernel, net, vm and so on.", additional=True),
    Column("current_value", TEXT, "Value now."),
    Column("config_value", TEXT, "Value that the configuration files set at start."),
    Column("type", TEXT, "Type of the value; always string on Linux."),
    Column("field_name", TEXT, "Field of a value that has several.", platforms=MACOS),
    platforms=LINUX,
    examples=[
        "SELECT current_value FROM system_controls WHERE name = 'kernel.randomize_va_space'",
        "SELECT name, current_value, config_value FROM system_controls WHERE config_value <> current_value",
    ],
    notes="From /proc/sys and, for config_value, sysctl.conf and the sysctl.d directories in the order that"
    " sysctl.d(5) gives them. Parameters that can only be written, or that only root may read, have no value. An image"
    " without /proc shows what its files set.",
)
def system_controls(query: Query) -> Rows:
    """Parameters of the kernel that can be changed while it runs."""
    root = query.root
    configured = sysctl.settings(root) if query.uses("config_value") or root else sysctl.Settings()
    current = query.uses("current_value")
    wanted = _wanted(query)
    seen = set()
    for path, readable in sysctl.parameters(root, wanted):
        seen.add(path)
        name = sysctl.name(path)
        value = sysctl.value(root, path) if current and readable else None
        yield name, None, name.partition(".")[0], value, configured.value(path), "string"
        if query.cancelled():
            return
    if root:
        for path in sorted(set(configured.exact) - seen):
            name = sysctl.name(path)
            yield name, None, name.partition(".")[0], None, configured.exact[path], "string"


def _wanted(query: Query) -> Callable[[str], bool]:
    """Whether a parameter, or anything below a directory, may be asked for: by the names or how they begin."""
    names, subsystems = query.equals("name"), query.equals("subsystem")
    begins = [_beginning(value) for operator, value in query.matching("name") if operator == LIKE]

    def asked(path: str) -> bool:
        name = sysctl.name(path)
        if subsystems is not None and name.partition(".")[0] not in subsystems:
            return False
        if path.endswith("/"):
            if names is not None and not any(isinstance(one, str) and one.startswith(name) for one in names):
                return False
            return all(one.startswith(name.lower()) or name.lower().startswith(one) for one in begins)
        return names is None or name in names

    return asked


def _beginning(pattern: object) -> str:
    """What every text begins with that is LIKE a pattern; LIKE does not tell capital letters apart."""
    text = pattern if isinstance(pattern, str) else ""
    at = min((text.find(character) for character in "%_" if character in text), default=len(text))
    return text[:at].lower()
