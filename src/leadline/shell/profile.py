"""``--profile N``: runs a query again and again without printing rows, for a profiler to look at."""

from __future__ import annotations

import os
from time import sleep

from leadline.sql.errors import SQLError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.shell.session import Session


def profile(session: Session, rest: list[str]) -> int:
    """Run the argument, or the first line of standard input; the exit code."""
    from leadline.shell.script import decoded
    from leadline.shell.session import valid

    if rest:
        query = valid(rest[0])
    elif not os.isatty(0):
        with open(0, "rb", closefd=False) as stream:
            query = decoded(stream.readline())
    else:
        session.error("No query provided via stdin or args to profile...")
        return 2
    delay = max(0, session.flags.number("profile_delay"))
    sleep(delay)
    try:
        for _ in range(session.flags.number("profile")):
            for result in session.engine.run(query):
                for _row in result:
                    pass
    except SQLError as error:
        session.error(f"Query failed ({error.code}): {error.message}")
        return error.code or 1
    sleep(delay)
    return 0
