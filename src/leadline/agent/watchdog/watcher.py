"""The watcher: a small process that starts the worker, measures it, stops it and starts it again (osquery.md 8).

It imports next to nothing, and has one thread and no signal handlers: signals are waited for. The worker is the same
program, executed anew, so that it has nothing of this process, and an upgrade of the program takes effect with it.
"""

from __future__ import annotations

import os
import signal
import sys
from time import gmtime, monotonic, strftime, time

from leadline.agent import pidfile
from leadline.agent.errors import EXIT_CATASTROPHIC, AgentError
from leadline.agent.notify import STOPPING, WATCHDOG, Notifier
from leadline.agent.watchdog import ownership
from leadline.agent.watchdog.handover import BEAT, READY, RELOADING, VARIABLE, Handover, Note
from leadline.agent.watchdog.limits import INTERVAL, Judge, Limits
from leadline.agent.watchdog.measure import children, usage
from leadline.linux.cpulimit import cores

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from leadline.flags import Flags

ENDING = frozenset({signal.SIGTERM, signal.SIGINT})
WAITED = ENDING | {signal.SIGHUP, signal.SIGUSR1, signal.SIGCHLD}

STEADY = 60.0
"""Seconds after which a worker counts as running well: quick ends before that are forgotten."""

GRACE = 2.0
"""Seconds beyond ``alarm_timeout`` for a worker that ends itself at that time, and for the kernel to end a killed one.
"""

LETTERS = "IWEF"
NAME = b"leadline-watch"


class Watcher:
    """The process's whole state. :meth:`run` returns the exit code."""

    def __init__(self, flags: Flags, arguments: Sequence[str], program: str) -> None:
        self.flags = flags
        self.command = [sys.executable, "-P", "-m", "leadline", "agent", *arguments]
        self.program = program
        self.limits = Limits(flags)
        self.own = Judge(self.limits)
        self.notifier = Notifier(os.environ)
        self.lock = -1
        self.pipe = -1
        self.worker = 0  # 0 while none runs
        self.status = 0  # of the last worker that ended, as waitpid gives it
        self.started = self.beat = self.notified = 0.0
        self.restarts = 0
        self.ready = False
        self.reason = ""
        self.notes: list[Note] = []
        self.code: int | None = None

    def run(self) -> int:
        """Hold the pidfile and run workers until one ends for good or a signal asks to end."""
        signal.pthread_sigmask(signal.SIG_BLOCK, WAITED)
        path = self.flags.text("pidfile")
        try:
            if path and not self.flags.on("ephemeral"):
                self.lock = pidfile.hold(path, force=self.flags.on("force"))
        except AgentError as error:
            print(error, file=sys.stderr)
            return error.code
        name_process(NAME)
        adopt_orphans()
        try:
            while self.code is None:
                self.generation()
        finally:
            if self.lock >= 0:
                pidfile.release(path, self.lock)
        return self.code

    def generation(self) -> None:
        """One worker, from the pause before its start to its end and that of what it left behind."""
        self.pause()
        if self.code is None:
            self.start()
        if self.code is None:
            self.watch()
            self.end_orphans()

    def pause(self) -> None:
        """Wait when the last worker lived too short, longer each time; give up when that goes on."""
        lived = monotonic() - self.started
        if lived > STEADY:
            self.restarts = 0
        if not self.started or lived >= self.limits.quick:
            return
        if self.restarts >= self.limits.quick:
            self.log(2, f"Too many worker restarts ({self.restarts}); the last one: {self.reason}")
            self.code = 1
            return
        self.restarts += 1
        seconds = min(self.flags.number("watchdog_max_delay"), self.limits.pause + 2**self.restarts)
        self.log(1, f"osqueryd worker respawning too quickly: {self.restarts} times; next start in {seconds} s")
        end = monotonic() + seconds
        while self.code is None and (left := end - monotonic()) > 0:
            self.wait(min(left, INTERVAL))

    def start(self) -> None:
        """Execute a worker."""
        problem = "" if self.flags.on("allow_unsafe") else ownership.problem()
        if problem:
            self.log(2, f"osqueryd has unsafe permissions: {problem} (--allow_unsafe runs it nevertheless)")
            self.code = 1
            return
        ours, theirs = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        lock = self.lock
        for descriptor in (theirs, lock):
            if descriptor >= 0:
                os.set_inheritable(descriptor, True)
        handover = Handover(os.getpid(), lock, theirs, self.program, self.reason, self.notes)
        try:
            self.worker = os.posix_spawn(
                sys.executable, self.command, {**os.environ, VARIABLE: handover.encode()}, setsigmask=()
            )
        except OSError as error:
            os.close(ours)
            self.log(2, f"osqueryd could not create a worker process: {error.strerror} ({sys.executable})")
            self.code = 1
            return
        finally:
            os.close(theirs)
            if lock >= 0:
                os.set_inheritable(lock, False)
        if self.pipe >= 0:
            os.close(self.pipe)
        self.pipe = ours
        self.started = self.beat = monotonic()
        self.reason, self.notes = "", []

    def watch(self) -> None:
        """Until the worker has ended."""
        judge = Judge(self.limits)
        check = self.started + INTERVAL
        while self.worker and self.code is None:
            now = monotonic()
            if now >= check:
                check = now + INTERVAL
                self.check(judge)
                continue
            self.wait(min(check - now, 0.1 if self.notifier.address and not self.ready else INTERVAL))
            if not self.worker and self.code is None:
                self.ended()

    def wait(self, seconds: float) -> None:
        """Wait for a signal and act on it; then look what has ended and what the worker wrote."""
        info = signal.sigtimedwait(WAITED, seconds)
        if info is not None and info.si_signo in ENDING:
            self.end()
        elif info is not None and info.si_signo == signal.SIGHUP:
            self.send(signal.SIGHUP)
        self.reap()
        self.listen()
        self.keep_alive()

    def check(self, judge: Judge) -> None:
        """Measure the worker and this process, and stop the worker that uses too much or does not answer."""
        measured = usage(self.worker)
        own = usage(os.getpid())
        if own is not None and self.own.judge(own, cores()).startswith("Memory"):
            self.log(2, f"Watcher has become unhealthy: {self.own.last}")
            self.stop(self.flags.number("alarm_timeout"))
            self.code = EXIT_CATASTROPHIC
            return
        if measured is None or measured.parent != os.getpid():
            return
        found = judge.judge(measured, cores(pid=self.worker)) or self.silence()
        if self.flags.on("enable_watchdog_debug") and judge.last:
            self.log(0, f"pid: {self.worker}, {judge.last}")
        if found and measured.time - self.started >= self.flags.number("watchdog_delay"):
            self.reason = found
            self.log(1, f"osqueryd worker ({self.worker}) stopping: {found}")
            self.send(signal.SIGUSR1)
            self.stop(self.flags.number("watchdog_forced_shutdown_delay"))

    def silence(self) -> str:
        """What is wrong with a worker that gives no sign of life: it hangs where no other of its threads can run."""
        limit = self.flags.number("watchdog_silence_limit")
        silent = monotonic() - self.beat
        return f"No sign of life for {silent:.0f} seconds (limit is {limit})" if limit and silent > limit else ""

    def end(self) -> None:
        """A signal asks to end: the worker ends first, and its exit code is this process's."""
        self.notifier.send(STOPPING)
        if not self.worker:
            self.code = 0
        elif self.stop(self.flags.number("alarm_timeout") + GRACE):
            self.code = max(0, os.waitstatus_to_exitcode(self.status))
        else:
            self.code = EXIT_CATASTROPHIC

    def ended(self) -> None:
        """The worker ended by itself: so does this process when that was meant, else another one starts."""
        code = os.waitstatus_to_exitcode(self.status)
        if code in (0, EXIT_CATASTROPHIC):
            self.notifier.send(STOPPING)
            self.code = code
            return
        self.reason = (
            f"the worker ended with exit code {code}"
            if code > 0
            else f"the worker was ended by signal {-code}"
            + (" (by somebody, or by the kernel for want of memory)" if code == -signal.SIGKILL else "")
        )
        self.log(1, f"osqueryd worker ended: {self.reason}")

    def stop(self, seconds: float) -> bool:
        """Ask the worker to end and kill it when it does not; whether it ended by itself."""
        self.send(signal.SIGTERM)
        if self.gone(seconds):
            return True
        self.log(1, f"osqueryd worker ({self.worker}) could not be stopped in {seconds:g} s. Sending kill signal.")
        self.send(signal.SIGKILL)
        if not self.gone(GRACE):
            self.log(2, f"Watcher cannot stop worker process ({self.worker})")
            self.code = EXIT_CATASTROPHIC
        return False

    def gone(self, seconds: float) -> bool:
        """Wait until the worker has ended; whether it has."""
        end = monotonic() + seconds
        self.reap()
        while self.worker and (left := end - monotonic()) > 0:
            signal.sigtimedwait({signal.SIGCHLD}, min(left, 1.0))
            self.reap()
            self.keep_alive()
        return not self.worker

    def reap(self) -> None:
        """Take the status of what has ended, adopted processes included."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            if pid == self.worker:
                self.worker, self.status = 0, status

    def end_orphans(self) -> None:
        """Kill what the worker has left behind: extensions, which a new worker starts again."""
        if self.worker:
            return
        for pid in children(os.getpid()):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.reap()

    def send(self, number: int) -> None:
        """Send the worker a signal; its number is not another process's, for nobody else takes its status."""
        if self.worker:
            os.kill(self.worker, number)

    def listen(self) -> None:
        """Read what the worker wrote."""
        try:
            found = os.read(self.pipe, 4096) if self.pipe >= 0 else b""
        except OSError:
            return
        if found:
            self.beat = monotonic()
        for what in found.replace(BEAT, b""):
            if what == READY[0]:
                self.ready = True
                self.notifier.ready(f"Watching process {self.worker}")
            elif what == RELOADING[0]:
                self.notifier.reloading()

    def keep_alive(self) -> None:
        """Tell systemd, when it wants to know, that this process is alive; the worker's life is our own concern."""
        now = monotonic()
        if self.notifier.interval and now - self.notified >= min(INTERVAL, self.notifier.interval):
            self.notified = now
            self.notifier.send(WATCHDOG)

    def log(self, severity: int, text: str) -> None:
        """Say something: on standard error, in the system's log when that is not where standard error goes, and, by
        the next worker, in the agent's own log."""
        now = time()
        self.notes.append(Note(severity, now, text))
        del self.notes[:-50]
        moment = strftime("%m%d %H:%M:%S", gmtime(now))
        if self.flags.on("logger_stderr") and severity >= self.flags.number("logger_min_stderr"):
            place = f"{LETTERS[severity]}{moment}.{int(now % 1 * 1e6):06} {os.getpid()} watcher.py:1]"
            print(f"{place} {text}", file=sys.stderr, flush=True)
        if severity and "JOURNAL_STREAM" not in os.environ:
            import syslog

            syslog.openlog("leadline-agent", syslog.LOG_PID, syslog.LOG_DAEMON)
            syslog.syslog(syslog.LOG_WARNING if severity == 1 else syslog.LOG_ERR, text)


def name_process(name: bytes) -> None:
    """The name that ps and top show (proc(5), comm), at most 15 bytes."""
    try:
        with open("/proc/self/comm", "wb", buffering=0) as stream:
            stream.write(name)
    except OSError:
        pass


def adopt_orphans() -> None:
    """Become the parent of what dies without one below us, so that nothing the worker started stays (prctl(2))."""
    import ctypes

    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
