"""Rows that a child process makes: for libraries in C that parse what an attacker may have written.

A library that crashes, hangs, or eats memory there takes a child with it and not the agent. The child is a fresh
interpreter with limits on its memory and processor time. It imports one module of ours, calls its function ``rows``
and sends what that yields as lines of JSON, which are safe to read whatever became of the sender.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from subprocess import Popen
    from typing import Any

    Row = tuple[Any, ...]

_PATIENCE = 0.1  # seconds between two looks at whether the query is still wanted
_GRACE = 2  # seconds for a child to end in
_LONGEST = 8 << 20  # bytes of one line: no row is longer
_CHUNK = 64 << 10
_MOST_FAILURES = 3  # children that end without an answer before the next is not worth starting
_HELD = 0.05  # seconds that a row waits in the child for others to be sent with
_START = "import sys; sys.path[:] = sys.argv.pop(1).split(':'); from leadline.linux import isolated; isolated.serve()"


class ChildError(Exception):
    """The child ended before it had sent all rows; the text says why, as the end of a sentence."""


def rows(
    module: str,
    arguments: Sequence[str],
    cancelled: Callable[[], bool],
    seconds: float,
    megabytes: int,
    *,
    feed: Iterable[Sequence[Any]] | None = None,
    warn: Callable[[str], None] | None = None,
) -> Iterator[Row]:
    """What ``module.rows(arguments, fed)`` yields in a child process, as tuples of str, int, float, bool or None.

    ``fed`` is an iterator of what ``feed`` yields, taken as the child reads it (no more than a pipe holds ahead). A
    str that the function yields instead of a tuple is handed to ``warn``, None only says that it is still at work. The
    child ends with this iterator, when
    ``cancelled`` says so, and when it takes more than ``seconds``, of processor time or of waiting, over one row.
    ``megabytes`` is what it may allocate.

    Raises ChildError when the child could not be started, crashed, raised, or reached a limit.
    """
    import json

    try:
        child = _start(module, arguments, seconds, megabytes, feed is not None)
    except OSError as error:
        raise ChildError(f"could not be started: {error.strerror}") from error
    try:
        for line in _lines(child, iter(feed or ()), cancelled, seconds):
            try:
                message = json.loads(line)
            except (ValueError, RecursionError):
                raise ChildError("sent what is no row") from None
            if isinstance(message, list):
                yield tuple(message)
            elif isinstance(message, str) and warn:
                warn(message)
            elif isinstance(message, dict):
                raise ChildError(str(message.get("failed")))
        status = None if cancelled() else _waited(child)
    finally:
        _end(child)
    if status:
        raise ChildError(_reason(status))


def answers(
    module: str,
    arguments: Sequence[str],
    items: Iterable[Sequence[Any]],
    cancelled: Callable[[], bool],
    seconds: float,
    megabytes: int,
    *,
    failed: Callable[[Sequence[Any], str], None],
    preface: Sequence[Sequence[Any]] = (),
    warn: Callable[[str], None] | None = None,
) -> Iterator[tuple[Sequence[Any], list[Row]]]:
    """Each item with the rows that ``module.rows(arguments, fed)`` has for it; it yields ``()`` behind each item's.

    An item that the child does not survive is handed to ``failed`` with the reason, and another child goes on with the
    next. ``preface`` are items that every child is fed first.

    Raises ChildError when children end over and over again, or before the first item.
    """
    from collections import deque

    source, failures = iter(items), 0
    again: list[Sequence[Any]] = []
    while True:
        pending: deque[Sequence[Any]] = deque()

        def feed(first: Sequence[Sequence[Any]], pending: deque[Sequence[Any]] = pending) -> Iterator[Sequence[Any]]:
            for group in (preface, first, source):
                for item in group:
                    pending.append(item)
                    yield item

        made: list[Row] = []
        try:
            for row in rows(module, arguments, cancelled, seconds, megabytes, feed=feed(again), warn=warn):
                if row:
                    made.append(row)
                    continue
                item, found, made = pending.popleft(), made, []
                failures = 0 if item not in preface else failures
                yield item, found
            return
        except ChildError as error:
            failures += 1
            if not pending or pending[0] in preface or failures > _MOST_FAILURES:
                raise
            failed(pending.popleft(), str(error))
            again = list(pending)


def place(root: str) -> str:
    """A root, or a path below it, as a child sees it: one that is a descriptor of ours is found by our process id."""
    own = "/proc/self/fd/"
    return f"/proc/{os.getpid()}/fd/{root.removeprefix(own)}" if root.startswith(own) else root


def _start(module: str, arguments: Sequence[str], seconds: float, megabytes: int, fed: bool) -> Popen[bytes]:
    from subprocess import DEVNULL, PIPE, Popen

    path = ":".join(os.path.abspath(one) for one in sys.path if one and ":" not in one)
    return Popen(
        [sys.executable, "-I", "-S", "-c", _START, path, module, str(seconds), str(megabytes), *arguments],
        stdin=PIPE if fed else DEVNULL,
        stdout=PIPE,
        stderr=DEVNULL,
        bufsize=0,
        cwd="/",
    )


def _lines(
    child: Popen[bytes], feed: Iterator[Sequence[Any]], cancelled: Callable[[], bool], seconds: float
) -> Iterator[bytes]:
    """The lines that the child sends, while it is fed."""
    import select
    from time import monotonic

    assert child.stdout
    output = child.stdout.fileno()
    waiting = select.poll()
    waiting.register(output, select.POLLIN)
    if child.stdin:
        os.set_blocking(child.stdin.fileno(), False)
        waiting.register(child.stdin.fileno(), select.POLLOUT)
    food, rest, silent = b"", b"", 0.0
    while not cancelled():
        before = monotonic()
        ready = dict(waiting.poll(_PATIENCE * 1000))
        silent += monotonic() - before
        if output in ready:
            part = os.read(output, _CHUNK)
            silent = 0.0
            if not part:
                return
            *complete, rest = (rest + part).split(b"\n") if b"\n" in part else (rest + part,)
            yield from complete
            if len(rest) > _LONGEST:
                raise ChildError("sent a row without end")
        elif silent > seconds:
            raise ChildError(f"gave no sign for {seconds:g} s")
        if child.stdin and child.stdin.fileno() in ready:
            food = food or _food(feed)
            taken = _give(child.stdin.fileno(), food)
            food = food[taken or 0 :]
            if taken is None:
                waiting.unregister(child.stdin.fileno())
                child.stdin.close()
                child.stdin = None


def _food(feed: Iterator[Sequence[Any]]) -> bytes:
    """The next line for the child, empty at the end."""
    import json

    item = next(feed, None)
    return b"" if item is None else json.dumps(item).encode() + b"\n"


def _give(descriptor: int, food: bytes) -> int | None:
    """How much the child took; None when there is nothing to give, or nobody to take it."""
    if not food:
        return None
    try:
        return os.write(descriptor, food)
    except BlockingIOError:
        return 0
    except OSError:
        return None


def _waited(child: Popen[bytes]) -> int | None:
    """The status of a child that ends; None when it does not, as while a file system does not answer."""
    from subprocess import TimeoutExpired

    try:
        return child.wait(_GRACE)
    except TimeoutExpired:
        return None


def _end(child: Popen[bytes]) -> None:
    child.kill()
    _waited(child)
    for pipe in (child.stdin, child.stdout):
        if pipe:
            pipe.close()


def _reason(status: int) -> str:
    import signal

    if status == -signal.SIGXCPU:
        return "used more processor time than it may"
    if status == -signal.SIGALRM:
        return "took longer than it may"
    return f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"


def serve() -> None:
    """The child: set the limits, import the module, send its rows. Arguments: module, seconds, megabytes, its own."""
    import resource
    from importlib import import_module

    module, seconds, megabytes, *arguments = sys.argv[1:]
    most, longest = int(megabytes) << 20, max(1, round(float(seconds)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Not the address space: that may be reserved in terabytes without being used, as WebAssembly's runtimes do.
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    send = _sender(longest)
    try:
        for row in import_module(module).rows(arguments, _fed(longest)):
            send(row, not row)  # the end of an item is told before the next can do harm
        send(None, True)
    except BrokenPipeError:
        pass
    except Exception as error:  # noqa: BLE001 the edge of this program: what went wrong is said to the parent
        send({"failed": f"raised {type(error).__name__}: {error}"}, True)
    os._exit(0)  # without the destructors of a library that may be in any state


def _fed(seconds: int) -> Iterator[Any]:
    """What the parent feeds. The alarm measures neither the wait for it nor that for a reader of our rows."""
    import json
    import signal

    signal.alarm(0)
    for line in sys.stdin.buffer:
        signal.alarm(seconds + 1)
        yield json.loads(line)
        signal.alarm(0)
    signal.alarm(seconds + 1)


def _sender(seconds: int) -> Callable[[object, bool], None]:
    """A function that sends a message, together with others unless it must go at once."""
    import json
    import signal
    from time import monotonic

    held: list[str] = []
    size, last = 0, monotonic() - _HELD
    _allow(seconds)

    def send(message: object, now: bool) -> None:
        nonlocal size, last
        held.append(json.dumps(message))
        size += len(held[-1])
        if now or size > _CHUNK or monotonic() - last > _HELD:
            signal.alarm(0)
            data = memoryview(("\n".join(held) + "\n").encode())
            while data:
                data = data[os.write(1, data) :]
            held.clear()
            size, last = 0, monotonic()
            _allow(seconds)

    return send


def _allow(seconds: int) -> None:
    """Allow this process so many more seconds, of processor time and on the clock."""
    import resource
    import signal
    from math import ceil

    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = ceil(used.ru_utime + used.ru_stime) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))
    signal.alarm(seconds + 1)
