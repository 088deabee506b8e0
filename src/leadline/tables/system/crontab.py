"""The crontab table."""

from __future__ import annotations

from leadline.linux import cron
from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table
from leadline.tables import namespaces
from leadline.tables.namespaces import PID_WITH_NAMESPACE


@table(
    "crontab",
    Column("event", TEXT, "Nickname that stands for the five times, such as `@daily` or `@reboot`."),
    Column("minute", TEXT, "Minutes at which the command runs."),
    Column("hour", TEXT, "Hours at which the command runs."),
    Column("day_of_month", TEXT, "Days of the month on which the command runs."),
    Column("month", TEXT, "Months in which the command runs."),
    Column("day_of_week", TEXT, "Days of the week on which the command runs."),
    Column("command", TEXT, "Command line; in the system's own tables the user stands before it."),
    Column("path", TEXT, "File that holds the line."),
    PID_WITH_NAMESPACE,
    platforms=LINUX,
    cacheable=True,
    examples=[
        "SELECT command, path FROM crontab WHERE event = '@reboot'",
        "SELECT * FROM crontab WHERE command LIKE '%curl%'",
    ],
    notes=(
        "From /etc/crontab, /etc/cron.d and the users' tables under /var/spool/cron, which only root may read."
        " Systemd's timers are in systemd_timers."
    ),
)  # fmt: skip
def crontab(query: Query) -> Rows:
    """Commands that cron runs at set times, from the system's and the users' tables."""
    for root, end in namespaces.roots(query):
        for job in cron.jobs(root):
            yield (job.event, *job.times, job.command, job.path, *end[:1])
