"""The systemd_units table."""

from __future__ import annotations

import os

from leadline.linux.systemd import bus, unitfiles, units
from leadline.sql.schema import BIGINT, LINUX, TEXT, Column, Query, Rows, table

PROPERTIES = {
    "unit_file_state": "UnitFileState",
    "fragment_path": "FragmentPath",
    "user": "User",
    "source_path": "SourcePath",
}


@table(
    "systemd_units",
    Column("id", TEXT, "Name of the unit, with its type at the end."),
    Column("description", TEXT, "What the unit's file says that it is."),
    Column("load_state", TEXT, "Whether its file was read: loaded, not-found, masked, bad-setting, error."),
    Column("active_state", TEXT, "State that all types have: active, inactive, failed, activating and so on."),
    Column("sub_state", TEXT, "State of its own type: running, exited, mounted, listening and so on."),
    Column("unit_file_state", TEXT, "Whether it starts by itself: enabled, disabled, static, masked and so on."),
    Column("following", TEXT, "Unit whose state this one follows."),
    Column("object_path", TEXT, "Path of the unit's object on D-Bus."),
    Column("job_id", BIGINT, "Number of the job that is queued for it, 0 for none."),
    Column("job_type", TEXT, "Type of that job: start, stop, restart and so on."),
    Column("job_path", TEXT, "Path of the job's object on D-Bus."),
    Column("fragment_path", TEXT, "File that defines the unit."),
    Column("user", TEXT, "User that a service runs as."),
    Column("source_path", TEXT, "File that a generated unit was made from."),
    platforms=LINUX,
    examples=[
        "SELECT id, sub_state, description FROM systemd_units WHERE active_state = 'failed'",
        "SELECT id, user, fragment_path FROM systemd_units WHERE id LIKE '%.service' AND unit_file_state = 'enabled'",
    ],
    notes="Asked of systemd over D-Bus: the units it has loaded, and no rows where it does not run. Of an image the"
    " unit files are read, without what only a running system has: active_state, sub_state, following and jobs.",
)
def systemd_units(query: Query) -> Rows:
    """Services, sockets, mounts, timers and other units of systemd."""
    if query.root:
        for one in unitfiles.units(query.root):
            yield (
                one.id,
                one.last("Unit", "Description"),
                "masked" if one.state.startswith("masked") else "loaded",
                *(None, None, one.state, None, None, None, None, None),
                one.path,
                one.last("Service", "User"),
                one.last("Unit", "SourcePath"),
            )
        return
    names = [name for column, name in PROPERTIES.items() if query.uses(column)]
    try:
        connected = bus.connect(bus.addresses(os.environ))
        if connected is None:
            return
        with connected:
            for unit, found in units.described(connected, units.loaded(connected), names):
                yield (
                    *(unit.id, unit.description, unit.load_state, unit.active_state, unit.sub_state),
                    found.get("UnitFileState"),
                    *(unit.following, unit.path, unit.job_id, unit.job_type, unit.job_path),
                    found.get("FragmentPath"),
                    found.get("User"),
                    found.get("SourcePath"),
                )
    except bus.BusError as error:
        query.warn(f"systemd cannot be asked: {error}")
