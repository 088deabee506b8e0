"""What the agent asks of the kernel and the C library for its own process: priorities, the end with its watcher,
fewer memory arenas.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import signal

from leadline.flags import Flags

PR_SET_PDEATHSIG = 1
IOPRIO_WHO_PROCESS = 1
CLASS_SHIFT = 13
CLASSES = {"none": 0, "best-effort": 2, "idle": 3}
SET = {"x86_64": 251, "aarch64": 30, "riscv64": 30, "i686": 289, "armv7l": 314, "ppc64le": 273, "s390x": 282}
"""The number of ioprio_set(2), which the C library has no function for, by machine."""

M_ARENA_MAX = -8
ARENAS = 2
"""glibc makes up to eight arenas a processor for the threads of a program and gives memory back to none but its own;
two waste less, and a thread that waits for one is rare in a program whose threads take turns anyway."""

NAME = b"leadline-agent"


def settle(flags: Flags, watcher: int) -> list[str]:
    """Set everything up for this process before it has threads, which inherit it; ``watcher`` is 0 when there is none.

    Returns what could not be done, in sentences.
    """
    library = ctypes.CDLL(None, use_errno=True)
    if watcher:
        end_with(library, watcher)
    name(NAME)
    if hasattr(library, "mallopt"):
        library.mallopt(M_ARENA_MAX, ARENAS)
    polite = watcher != 0 and flags.number("watchdog_level") >= 0
    problems = [
        nice(flags.number("agent_nice")) if polite or flags.given("agent_nice") else "",
        io_priority(library, flags.text("agent_ionice")) if polite or flags.given("agent_ionice") else "",
    ]
    return [problem for problem in problems if problem]


def end_with(library: ctypes.CDLL, watcher: int) -> None:
    """Let the kernel send SIGTERM when the watcher ends in whatever way (prctl(2)): then this process ends in order."""
    library.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != watcher:  # it ended before the call
        os.kill(os.getpid(), signal.SIGTERM)


def name(text: bytes) -> None:
    """The name that ps and top show (proc(5), comm), at most 15 bytes."""
    try:
        with open("/proc/self/comm", "wb", buffering=0) as stream:
            stream.write(text)
    except OSError:
        pass


def nice(value: int) -> str:
    """Set the nice value; what went wrong. A value that is higher already stays: it was somebody's wish."""
    try:
        if os.getpriority(os.PRIO_PROCESS, 0) < value or value < 0:
            os.setpriority(os.PRIO_PROCESS, 0, value)
    except OSError as error:
        return f"Cannot set the nice value {value} (--agent_nice): {error.strerror}"
    return ""


def io_priority(library: ctypes.CDLL, text: str) -> str:
    """Set the I/O priority (ioprio_set(2)); what went wrong."""
    word, _, level = text.partition(":")
    if word not in CLASSES or (level and not (word == "best-effort" and level in "01234567")):
        return f"Unknown I/O priority '{text}' (--agent_ionice): use idle, best-effort:0 to best-effort:7 or none"
    number = SET.get(platform.machine())
    if number is None:
        return ""
    value = CLASSES[word] << CLASS_SHIFT | (int(level or 4) if word == "best-effort" else 0)
    if library.syscall(number, IOPRIO_WHO_PROCESS, 0, value) == 0 or ctypes.get_errno() in (errno.ENOSYS, errno.EPERM):
        return ""  # sandboxes such as gVisor and seccomp filters have no such call; nothing depends on it
    return f"Cannot set the I/O priority {text} (--agent_ionice): {os.strerror(ctypes.get_errno())}"
