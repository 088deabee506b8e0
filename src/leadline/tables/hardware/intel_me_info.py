"""The intel_me_info table."""

from __future__ import annotations

from leadline.linux import mei
from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table


@table(
    "intel_me_info",
    Column("version", TEXT, "Version of the engine's firmware: `major.minor.hotfix.build`.", collate="version"),
    platforms=LINUX,
    live=True,
    asks="the running machine",
    examples=["SELECT version FROM intel_me_info", "SELECT version FROM intel_me_info WHERE version < '11.8.50.3425'"],
    notes=(
        "From /sys/class/mei/mei*/fw_ver; on kernels before 4.20 the engine is asked through /dev/mei0, which needs"
        " root. Empty without such an engine or its driver mei_me."
    ),
)
def intel_me_info(query: Query) -> Rows:
    """Firmware of Intel's Management Engine; one row where there is one."""
    version = mei.version(query.root) or mei.ask()
    if version:
        yield (version,)
