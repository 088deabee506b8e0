"""The agent program: ``leadline agent``, and ``osqueryd``."""

from __future__ import annotations

import os
import signal
import sys
from threading import Event, Thread

from leadline import OSQUERY_VERSION, __version__
from leadline.agent.agent import Agent
from leadline.agent.errors import EXIT_CATASTROPHIC, AgentError
from leadline.agent.steps import CHECK, DAEMON, Running
from leadline.flags import DEFAULT_FLAGFILE, FlagError, Flags
from leadline.plugins.errors import PluginError

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

USAGE = """{program}: run the host agent, an osquery-compatible daemon

Usage: {program} [--flagfile FILE] [--FLAG=VALUE ...]

"""


def main(argv: list[str], program: str) -> int:
    """Run the agent with the arguments after its name; the exit code."""
    if any(argument in ("-h", "--h", "-help", "--help") for argument in argv):
        from leadline.flags.help import listing

        sys.stdout.writelines([USAGE.format(program=program), *listing()])
        return 0
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
    if flags.on("config_check") or flags.on("config_dump"):
        return check(flags)
    if flags.on("daemonize"):
        detach()
    return daemon(flags)


def version(program: str) -> str:
    """The line of ``--version``: osquery's form, since programs read it, when started under osquery's name."""
    if "osquery" in program:
        return f"{program.rsplit('/', 1)[-1]} version {OSQUERY_VERSION}"
    return f"{program} version {__version__} (osquery {OSQUERY_VERSION})"


def check(flags: Flags) -> int:
    """Load the configuration, print it when asked to, and tell what is wrong with it."""
    flags.set("logger_min_stderr", "1", "program")
    if not os.path.isdir(flags.text("database_path")):
        flags.set("disable_database", "true", "program")
    agent = Agent(flags)
    running = Running(agent)
    try:
        running.start(CHECK)
        texts = agent.configurator.plugin.read()
        if flags.on("config_dump"):
            for source, text in texts.items():
                print(f'{{"{source}": {text}}}')
            return 0
        problems = agent.configurator.check(texts)
        for problem in problems:
            print(f"Error reading config: {problem}", file=sys.stderr)
        return 0 if agent.runtime.valid else 1
    except PluginError as error:
        print(f"Error reading config: {error}", file=sys.stderr)
        return 1
    except AgentError as error:
        print(error, file=sys.stderr)
        return error.code
    finally:
        running.stop()


def daemon(flags: Flags) -> int:
    """Run until a signal, a failure or ``schedule_timeout``."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # threads inherit it: only the one that waits for them gets them
    agent = Agent(flags)
    running = Running(agent)
    finished = Event()
    Thread(target=watch_signals, args=(agent, finished), name="signals", daemon=True).start()
    try:
        running.start(DAEMON)
        agent.ended.wait()
    except AgentError as error:
        agent.code = error.code
        print(error, file=sys.stderr)
    finally:
        running.stop()
        finished.set()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(agent.code)  # threads inside a call that nothing ends must not keep the process


def watch_signals(agent: Agent, finished: Event) -> None:
    """Wait for signals: SIGHUP loads the configuration again, the others end the agent.

    When it has not ended ``alarm_timeout`` seconds later the process exits with 78.
    """
    while True:
        received = signal.sigwait(SIGNALS)
        if received != signal.SIGHUP:
            break
        if hasattr(agent, "configurator"):
            agent.configurator.wake.set()
    agent.stopping.set()
    agent.ended.set()
    if hasattr(agent, "configurator"):
        agent.configurator.stop()  # the start-up may be waiting for its answer
    if hasattr(agent, "enroller"):
        agent.enroller.cancel()
    if not finished.wait(agent.flags.number("alarm_timeout")):
        print(f"The agent did not end within {agent.flags.text('alarm_timeout')} s", file=sys.stderr, flush=True)
        os._exit(EXIT_CATASTROPHIC)


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
