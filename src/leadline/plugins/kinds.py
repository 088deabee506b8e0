"""The kinds of plugins: what each kind has to offer, what it is given, and where the ones of each name live."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple, Protocol

from leadline.flags import Flags
from leadline.plugins.errors import UnknownPluginError


class Store(Protocol):
    """Text kept across starts, under a domain and a key."""

    def get(self, domain: str, key: str) -> str | None: ...
    def put(self, domain: str, key: str, value: str) -> None: ...
    def remove(self, domain: str, key: str) -> None: ...


class Keys(Protocol):
    """The node key, which the server gave this machine when it enrolled."""

    def key(self) -> str:
        """The key, enrolling first when there is none. Raises PluginError."""

    def invalid(self, key: str) -> None:
        """The server does not know the key."""


class Stopping(Protocol):
    """A wait that the end of the program cuts short (threading.Event)."""

    def is_set(self) -> bool: ...
    def wait(self, timeout: float | None = None) -> bool: ...


class Context(Protocol):
    """What a plugin is given: it is made with one of these as its only argument."""

    @property
    def flags(self) -> Flags: ...
    @property
    def store(self) -> Store: ...
    @property
    def keys(self) -> Keys: ...
    @property
    def stopping(self) -> Stopping: ...

    def identifier(self) -> str:
        """The host identifier."""

    def details(self) -> Mapping[str, Mapping[str, str]]:
        """First rows of the tables that describe this machine, by table name."""

    def section(self, key: str) -> object:
        """What the configuration holds under a top-level key, None when nothing."""


class Status(NamedTuple):
    """A status message: severity 0 info, 1 warning, 2 error, 3 fatal; time in seconds since the epoch."""

    severity: int
    filename: str
    line: int
    message: str
    time: float
    thread: int


class PackText(NamedTuple):
    """A pack outside of the configuration: its name, where its text is from, and the text.

    A pack of the name ``*`` is an object of several packs by name.
    """

    name: str
    place: str
    text: str


class Config(Protocol):
    """Where the configuration comes from."""

    def read(self) -> dict[str, str]:
        """The text of every source, in the order of precedence. Raises PluginError."""

    def packs(self, name: str, value: str) -> Sequence[PackText]:
        """The packs that the configuration names by a value of the plugin's own, such as a path. Raises PluginError.

        Under the name ``*`` there may be any number of them.
        """

    def cancel(self) -> None:
        """End a read that another thread is in."""


class Logger(Protocol):
    """A destination of log lines. Lines wait in the agent's buffer until ``send`` has returned."""

    streams: Mapping[str, Sequence[str]]
    """What is sent in order and on its own: stream name → kinds of lines (``result``, ``snapshot``, ``status``).

    May change with the flags; lines of a stream that has gone stay in the buffer.
    """

    @property
    def period(self) -> float:
        """Seconds between two sendings; 0 sends as soon as there is a line.

        While more than one sending waits, a logger with a period sends ``logger_backlog_rate`` lines a second.
        """

    @property
    def most(self) -> int:
        """The largest number of lines in one sending."""

    @property
    def patience(self) -> float:
        """The longest wait in seconds after failures."""

    def start(self) -> None:
        """Make ready, at the agent's start. Raises UnusableError."""

    def mark(self, stream: str) -> str:
        """The receipt that stands for "nothing delivered yet", asked for before the first delivery ever."""

    def send(self, stream: str, lines: Sequence[str], receipt: str) -> str:
        """Deliver lines. ``receipt`` is what the last delivery of the stream returned, also in an earlier process.

        The return value is kept in the transaction that drops the lines; a logger can use it to find out how much of
        these lines was delivered before the process ended. Raises PluginError when none was taken, IncompleteError
        when some were, or when some can never be.
        """

    def status(self, message: Status) -> None:
        """Show a status message at once; nothing for a logger that has a stream for them."""

    def cancel(self) -> None:
        """End a sending that another thread is in."""

    def close(self) -> None:
        """Release what is held."""


class Work(NamedTuple):
    """What a server wants to know: SQL by query id, discovery SQL by query id, seconds of faster polling.

    ``held`` tells that the server waits with its answer until there is something, as it was asked to. ``aware`` tells
    that it looks at which queries run here: it does not hand those out again, and names in ``cancel`` the ones that
    nobody waits for any more.
    """

    queries: Mapping[str, str]
    discovery: Mapping[str, str]
    accelerate: int
    held: bool
    aware: bool = False
    cancel: Sequence[str] = ()


class Results(Protocol):
    """The answers to distributed queries: the members of a JSON object, UTF-8 without the braces around them."""

    @property
    def size(self) -> int:
        """Bytes in all."""

    def pieces(self) -> Iterable[bytes]:
        """The bytes, from the beginning at each call."""


class Distributed(Protocol):
    """Where queries come from that are asked once, and where the answers go.

    One thread may read while another one writes.
    """

    def read(self, wait: int, running: Sequence[str]) -> Work:
        """Ask for work; the server may take up to ``wait`` seconds. Raises PluginError.

        ``running`` are the ids of the queries that are not answered yet.
        """

    def write(self, results: Results) -> None:
        """Deliver answers. Raises PluginError."""

    def cancel(self) -> None:
        """End a request that another thread is in."""


class Carve(NamedTuple):
    """An archive that is to be delivered: its ids, size in bytes, SHA-256, and the size of its blocks.

    ``request`` is what asked for it.
    """

    guid: str
    request: str
    size: int
    sha256: str
    block_size: int

    @property
    def block_count(self) -> int:
        return -(-self.size // self.block_size)


class Block(NamedTuple):
    """A part of an archive: its number from 0 on, its size in bytes, and what reads its pieces, anew for each try.

    Only the last piece may have a length that is no multiple of 3.
    """

    number: int
    size: int
    pieces: Callable[[], Iterable[bytes]]


class Carver(Protocol):
    """Where carves are delivered."""

    def start(self, carve: Carve) -> str:
        """Announce an archive; what the destination calls it, not empty. Raises PluginError."""

    def send(self, carve: Carve, session: str, block: Block) -> None:
        """Deliver a block; they come in order, and ``block_count - 1`` is the last. Raises PluginError.

        A block may come again, when the process ended before it could note that the destination has it.
        """

    def cancel(self) -> None:
        """End a request that another thread is in, and every later one."""


class Enroll(Protocol):
    """How this machine becomes known to a server."""

    def enroll(self) -> str:
        """The node key. Raises PluginError."""

    def cancel(self) -> None:
        """End an enrollment that another thread is in."""


PLUGINS: Mapping[str, Mapping[str, str]] = {
    "config": {
        "filesystem": "leadline.plugins.config.filesystem:Filesystem",
        "tls": "leadline.plugins.config.tls:TLS",
    },
    "logger": {
        "filesystem": "leadline.plugins.logger.filesystem:Filesystem",
        "stdout": "leadline.plugins.logger.stdout:Stdout",
        "syslog": "leadline.plugins.logger.syslog:Syslog",
        "kafka_producer": "leadline.plugins.logger.kafka:Kafka",
        "aws_kinesis": "leadline.plugins.logger.kinesis:Kinesis",
        "aws_firehose": "leadline.plugins.logger.firehose:Firehose",
        "splunk_hec": "leadline.plugins.logger.splunk:Splunk",
        "elasticsearch": "leadline.plugins.logger.elasticsearch:Elasticsearch",
        "webhook": "leadline.plugins.logger.webhook:Webhook",
        "tls": "leadline.plugins.logger.tls:TLS",
    },
    "distributed": {"tls": "leadline.plugins.distributed.tls:TLS"},
    "enroll": {"tls": "leadline.plugins.enroll.tls:TLS"},
    "carver": {"tls": "leadline.plugins.carver.tls:TLS"},
}
"""The plugins we ship: kind → name → ``module:Class``. Others come from entry points in the group leadline.KIND."""


def find(kind: str, name: str) -> Any:
    """The class of a plugin, imported at first use. Raises UnknownPluginError."""
    place = PLUGINS[kind].get(name)
    if place is not None:
        module, _, attribute = place.partition(":")
        return getattr(import_module(module), attribute)
    from importlib.metadata import entry_points

    for entry in entry_points(group=f"leadline.{kind}", name=name):
        return entry.load()
    raise UnknownPluginError(f"Unknown {kind} plugin: {name} (there are {', '.join(sorted(PLUGINS[kind]))})")
