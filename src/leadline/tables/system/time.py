"""The time table."""

from __future__ import annotations

from leadline.sql.schema import ALL, BIGINT, INTEGER, TEXT, WINDOWS, Column, Query, Rows, table

# Not strftime's: those follow the locale.
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@table(
    "time",
    Column("weekday", TEXT, "Day of the week, in English."),
    Column("year", INTEGER, "Year."),
    Column("month", INTEGER, "Month, 1 to 12."),
    Column("day", INTEGER, "Day of the month."),
    Column("hour", INTEGER, "Hour, 0 to 23."),
    Column("minutes", INTEGER, "Minutes past the hour."),
    Column("seconds", INTEGER, "Seconds past the minute."),
    Column("timezone", TEXT, "Time zone of the other columns: always UTC."),
    Column("local_timezone", TEXT, "Short name of the time zone this machine is set to."),
    Column("unix_time", INTEGER, "Seconds since 1970-01-01 00:00:00 UTC."),
    Column("timestamp", TEXT, "Date and time as asctime(3) writes it, followed by `UTC`."),
    Column("datetime", TEXT, "Date and time in ISO 8601, such as `2026-01-31T12:00:00Z`.", aliases=["date_time"]),
    Column("iso_8601", TEXT, "The same as datetime."),
    Column("win_timestamp", BIGINT, "Time in steps of 100 ns since 1601.", platforms=WINDOWS),
    platforms=ALL,
    utility=True,
    examples=["SELECT iso_8601, unix_time FROM time", "SELECT weekday, hour, minutes FROM time"],
    notes="The clock of the machine, always in UTC.",
)
def time(query: Query) -> Rows:
    """The current date and time in UTC; one row."""
    from time import gmtime, localtime, strftime

    seconds = int(query.clock())
    now = gmtime(seconds)
    weekday = _DAYS[now.tm_wday]
    clock = f"{now.tm_hour:02}:{now.tm_min:02}:{now.tm_sec:02}"
    iso = f"{now.tm_year:04}-{now.tm_mon:02}-{now.tm_mday:02}T{clock}Z"
    yield (
        weekday, now.tm_year, now.tm_mon, now.tm_mday, now.tm_hour, now.tm_min, now.tm_sec, "UTC",
        strftime("%Z", localtime(seconds)) or "UTC", seconds,
        f"{weekday[:3]} {_MONTHS[now.tm_mon - 1]} {now.tm_mday:2} {clock} {now.tm_year} UTC", iso, iso,
    )  # fmt: skip
