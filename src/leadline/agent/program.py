"""The agent program: ``leadline agent``, and ``osqueryd``. Decides what this process is to be, and imports no more.

Without a watchdog it is the agent itself; else it is the watcher, which executes the same program once more as its
worker, the agent.
"""

from __future__ import annotations

import os
import sys

from leadline import OSQUERY_VERSION, __version__
from leadline.agent.watchdog import handover
from leadline.flags import DEFAULT_FLAGFILE, FlagError, Flags

USAGE = """{program}: run the host agent, an osquery-compatible daemon

Usage: {program} [--flagfile FILE] [--FLAG=VALUE ...]

"""


def main(argv: list[str], program: str) -> int:
    """Run the agent with the arguments after its name; the exit code."""
    if any(argument in ("-h", "--h", "-help", "--help") for argument in argv):
        from leadline.flags.help import listing

        sys.stdout.writelines([USAGE.format(program=program), *listing()])
        return 0
    handed = handover.take(os.environ)
    program = handed.program if handed else program
    flags = Flags()
    try:
        rest = flags.parse(argv, program, DEFAULT_FLAGFILE)
    except FlagError as error:
        print(error.text(), file=sys.stderr)
        return 1
    if flags.on("version"):
        print(version(program))
        return 0
    if rest:
        print(f"ERROR: {program} takes flags only: unexpected argument '{rest[0]}'", file=sys.stderr)
        return 1
    if handed:
        from leadline.agent.daemon import daemon

        return daemon(flags, handed)
    return once(flags, argv, program)


def once(flags: Flags, argv: list[str], program: str) -> int:
    """What the flags ask for, in a process that somebody has started by hand or as a service; the exit code."""
    if flags.on("config_check") or flags.on("config_dump"):
        from leadline.agent.inspection import check

        return check(flags)
    if flags.on("database_dump"):
        from leadline.agent.inspection import dump

        return dump(flags)
    if flags.on("daemonize"):
        detach()
    if flags.on("disable_watchdog"):
        from leadline.agent.daemon import daemon

        return daemon(flags, None)
    from leadline.agent.watchdog.watcher import Watcher

    return Watcher(flags, argv, program).run()


def version(program: str) -> str:
    """The line of ``--version``: osquery's form, since programs read it, when started under osquery's name."""
    if "osquery" in program:
        return f"{program.rsplit('/', 1)[-1]} version {OSQUERY_VERSION}"
    return f"{program} version {__version__} (osquery {OSQUERY_VERSION})"


def detach() -> None:
    """Go on in the background, in a session without a terminal (daemon(7), the parts that forking needs)."""
    if os.fork():
        os._exit(0)
    os.setsid()
    if os.fork():
        os._exit(0)
    os.chdir("/")
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
