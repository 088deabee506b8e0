"""The agent as a running process: a watcher's worker, or on its own."""

from __future__ import annotations

import os
import signal
import sys
from threading import Event, Thread
from time import monotonic

from leadline.agent import process, survival
from leadline.agent.agent import Agent
from leadline.agent.errors import EXIT_CATASTROPHIC, AgentError
from leadline.agent.notify import STOPPING, WATCHDOG, Notifier
from leadline.agent.steps import DAEMON, Running
from leadline.agent.trimming import Trimmer
from leadline.agent.watchdog.handover import BEAT, READY, RELOADING, Handover
from leadline.flags import Flags

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1)

PULSE = 5.0
"""Seconds between two signs of life, and between two looks at the memory."""

RELOADED = 30.0
"""Seconds after which a configuration that is loaded again counts as loaded, for those who wait for it."""


class Link:
    """Tells whoever started this process how it does: the watcher through its pipe, or else systemd itself."""

    def __init__(self, handed: Handover | None) -> None:
        self.handed = handed
        self.notifier = Notifier({} if handed else os.environ)

    def ready(self) -> None:
        """The start-up, or loading again, is finished."""
        if self.handed:
            self.handed.tell(READY)
        else:
            self.notifier.ready("Running")

    def reloading(self) -> None:
        """The configuration is loaded again."""
        if self.handed:
            self.handed.tell(RELOADING)
        else:
            self.notifier.reloading()

    def stopping(self) -> None:
        """The agent ends; a watcher knows, for it is the one that asks for it."""
        self.notifier.send(STOPPING)

    def beat(self) -> None:
        """A sign of life."""
        if self.handed:
            self.handed.tell(BEAT)
        elif self.notifier.interval:
            self.notifier.send(WATCHDOG)

    def pulse(self) -> float:
        """Seconds until the next one."""
        return min(PULSE, self.notifier.interval or PULSE)


def daemon(flags: Flags, handed: Handover | None) -> int:
    """Run until a signal, a failure or ``schedule_timeout``. Ends the process."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # threads inherit it: only the one that waits for them gets them
    for problem in process.settle(flags, handed.parent if handed else 0):
        print(problem, file=sys.stderr)
    link = Link(handed)
    agent = Agent(flags)
    agent.handed = handed
    running = Running(agent)
    finished = Event()
    Thread(target=Signals(agent, link, finished).run, name="signals", daemon=True).start()
    try:
        running.start(DAEMON)
        if not agent.stopping.is_set():
            link.ready()
        agent.ended.wait()
    except AgentError as error:
        agent.code = error.code
        print(error, file=sys.stderr)
    finally:
        link.stopping()
        running.stop()
        finished.set()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(agent.code)  # threads inside a call that nothing ends must not keep the process


class Signals:
    """Waits for signals. SIGHUP loads the configuration again, SIGUSR1 comes before the watcher stops this worker for
    what it uses, the others end the agent: when that takes longer than ``alarm_timeout`` the process exits with 78.
    """

    def __init__(self, agent: Agent, link: Link, finished: Event) -> None:
        self.agent = agent
        self.link = link
        self.finished = finished
        self.trimmer = Trimmer(agent.flags)
        self.loading = 0.0  # when the last loading was asked for, 0 when nobody waits for it

    def run(self) -> None:
        """Until the process ends."""
        beat = 0.0
        while True:
            received = signal.sigtimedwait(SIGNALS, 0.2 if self.loading else self.link.pulse())
            if received is None:
                self.loaded()
            elif received.si_signo == signal.SIGHUP:
                self.reload()
            elif received.si_signo == signal.SIGUSR1:
                survival.keep(self.agent)
            else:
                break
            if monotonic() - beat >= self.link.pulse() * 0.9:
                beat = monotonic()
                self.link.beat()
                self.trimmer.look()
        self.end()

    def reload(self) -> None:
        """Load the configuration again."""
        if hasattr(self.agent, "configurator"):
            self.link.reloading()
            self.loading = monotonic()
            self.agent.configurator.loaded.clear()
            self.agent.configurator.wake.set()

    def loaded(self) -> None:
        """Tell when loading again has ended."""
        if self.loading and (self.agent.configurator.loaded.is_set() or monotonic() - self.loading > RELOADED):
            self.loading = 0.0
            self.link.ready()

    def end(self) -> None:
        """End the agent."""
        agent = self.agent
        agent.stopping.set()
        agent.ended.set()
        if hasattr(agent, "configurator"):
            agent.configurator.stop()  # the start-up may be waiting for its answer
        if hasattr(agent, "enroller"):
            agent.enroller.cancel()
        if not self.finished.wait(agent.flags.number("alarm_timeout")):
            text = agent.flags.text("alarm_timeout")
            print(f"The agent did not end within {text} s (--alarm_timeout)", file=sys.stderr, flush=True)
            os._exit(EXIT_CATASTROPHIC)
