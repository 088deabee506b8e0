"""The units that systemd has loaded, with their properties: org.freedesktop.systemd1(5)."""

from __future__ import annotations

from leadline.linux.systemd.bus import NAME, PATH, BusError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from leadline.linux.systemd.bus import Bus

PROPERTIES = "org.freedesktop.DBus.Properties"
UNIT = f"{NAME}.Unit"
TIMER = f"{NAME}.Timer"
SERVICE = f"{NAME}.Service"
_FIELDS = [str] * 7 + [int, str, str]


class Unit:
    """A loaded unit, with its job when one is queued: else ``job_id`` is 0 and ``job_path`` is /."""

    __slots__ = (
        "active_state", "description", "following", "id", "job_id", "job_path", "job_type", "load_state", "path",
        "sub_state",
    )  # fmt: skip

    def __init__(self, fields: tuple[str, str, str, str, str, str, str, int, str, str]) -> None:
        (
            self.id, self.description, self.load_state, self.active_state, self.sub_state, self.following, self.path,
            self.job_id, self.job_type, self.job_path,
        ) = fields  # fmt: skip


def loaded(bus: Bus) -> list[Unit]:
    """All loaded units. Raises BusError."""
    answer = bus.call((PATH, f"{NAME}.Manager", "ListUnits", None, ()))
    units = answer[0] if answer else None
    if not isinstance(units, list) or not all(_is_unit(fields) for fields in units):
        raise BusError("ListUnits gave what it should not")
    return [Unit(fields) for fields in units]


def _is_unit(fields: object) -> bool:
    return isinstance(fields, tuple) and [type(field) for field in fields] == _FIELDS


def properties(bus: Bus, wanted: Iterable[tuple[str, str, str]]) -> Iterator[object]:
    """Single properties, each by object path, interface and name, in their order; None for one that is not there."""
    for answer in bus.calls((path, PROPERTIES, "Get", "ss", (interface, name)) for path, interface, name in wanted):
        yield _plain(answer[0]) if answer else None


def all_properties(bus: Bus, wanted: Iterable[tuple[str, str]]) -> Iterator[dict[str, object]]:
    """All properties of objects, each by object path and interface, in their order; none of one that is gone."""
    for answer in bus.calls((path, PROPERTIES, "GetAll", "s", (interface,)) for path, interface in wanted):
        values = answer[0] if answer else None
        yield {name: _plain(value) for name, value in values.items()} if isinstance(values, dict) else {}


def _plain(variant: object) -> object:
    """The value of a variant, which comes with its type."""
    return variant[1] if isinstance(variant, tuple) and len(variant) == 2 else None


def described(bus: Bus, units: list[Unit], names: list[str]) -> Iterator[tuple[Unit, dict[str, str | None]]]:
    """Each unit with the named properties that are text; ``User`` is asked of services only, as others have none.

    A unit that was not found has no file that could tell anything, and is not asked.
    """
    asked = [(unit, _asked(unit, names)) for unit in units]
    values = properties(bus, ((unit.path, *one) for unit, ones in asked for one in ones))
    for unit, ones in asked:
        found = {}
        for _, name in ones:
            value = next(values)
            found[name] = value if isinstance(value, str) else None
        yield unit, found


def _asked(unit: Unit, names: list[str]) -> list[tuple[str, str]]:
    if unit.load_state == "not-found":
        return []
    service = unit.id.endswith(".service")
    return [(SERVICE if name == "User" else UNIT, name) for name in names if service or name != "User"]
