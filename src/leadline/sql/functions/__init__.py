"""The SQL functions and collations that osquery adds to SQLite's own.

A function's module is imported when a statement first calls it: most statements call none.
"""

from __future__ import annotations

import apsw

from leadline.sql.values import DIGITS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

REGEX_MAX_SIZE = 256  # the default of the flag regex_max_size, bytes

# module: what it defines, as (SQL name, number of arguments, -1 for any).
PURE = {
    "mathematics": (
        ("sqrt", 1), ("acos", 1), ("asin", 1), ("atan", 1), ("cos", 1), ("sin", 1), ("tan", 1), ("cot", 1),
        ("exp", 1), ("log", 1), ("log10", 1), ("power", 2), ("ceil", 1), ("floor", 1), ("degrees", 1),
        ("radians", 1), ("pi", 0),
    ),
    "strings": (("split", 3), ("concat", -1), ("concat_ws", -1)),
    "network": (("inet_aton", 1), ("in_cidr_block", 2)),
    "hashing": (("md5", 1), ("sha1", 1), ("sha256", 1)),
    "encoding": (("to_base64", 1), ("from_base64", 1), ("conditional_to_base64", 1)),
    "versions": (("version_compare", -1),),
    "paths": (("parent_directory", 1),),
}  # fmt: skip

# The same for functions that depend on the connection's settings: the module's attribute makes the function.
SET = {
    "regex": (("regex_match", 3), ("regex_split", 3)),
    "community": (
        ("community_id_v1", 5), ("community_id_v1", 6), ("community_id_v1_strict", 5), ("community_id_v1_strict", 6),
    ),
    "paths": (("is_path_deterministic", -1), ("find_file_path_in_cmd", -1)),
    "sleeping": (("sleep", 1),),
}  # fmt: skip

COLLATIONS = ("version", "version_arch", "version_dpkg", "version_rhel")


class Settings:
    """What functions need to know of the connection they run in."""

    __slots__ = ("regex_max_size", "root", "stopped", "warn")

    def __init__(
        self, root: str, regex_max_size: int, warn: Callable[[str], None], stopped: Callable[[], bool]
    ) -> None:
        self.root = root
        self.regex_max_size = regex_max_size
        self.warn = warn
        self.stopped = stopped


def attach(
    connection: apsw.Connection,
    *,
    root: str = "",
    regex_max_size: int = REGEX_MAX_SIZE,
    warn: Callable[[str], None] | None = None,
    stopped: Callable[[], bool] | None = None,
    runtime: object = None,
) -> None:
    """Give the connection every function and collation, and osquery's 15 digits for real numbers in text.

    ``root`` is the directory that stands for ``/`` in functions that look at files. ``regex_max_size`` is the longest
    pattern in bytes. ``warn(sentence)`` is told what a function swallows. ``stopped()`` says whether the running
    statement shall end: functions that take long ask it. ``runtime`` is the program around the engine.
    """
    settings = Settings(root, regex_max_size, warn or _ignore, stopped or _never)
    connection.config(apsw.SQLITE_DBCONFIG_FP_DIGITS, DIGITS)
    create = connection.create_scalar_function
    for module, functions in PURE.items():
        for name, arguments in functions:
            create(name, _lazy(module, name, None), arguments, deterministic=True)
    for module, functions in SET.items():
        for name, arguments in functions:
            create(name, _lazy(module, name, settings), arguments, deterministic=name != "sleep")
    connection.create_aggregate_function("carve", lambda: _lazy("carving", "Paths", None)(runtime), 1)
    for name in COLLATIONS:
        connection.create_collation(name, _lazy("versions", name, None))


def _lazy(module: str, name: str, settings: Settings | None) -> Callable[..., Any]:
    """A function that loads what it stands for when it is first called."""
    function: Callable[..., Any] | None = None

    def call(*arguments: Any) -> Any:
        nonlocal function
        if function is None:
            from importlib import import_module

            function = getattr(import_module(f"{__name__}.{module}"), name)
            if settings is not None:
                function = function(settings)
        return function(*arguments)

    return call


def _ignore(_: str) -> None:
    """Nobody wants to hear warnings."""


def _never() -> bool:
    """Nothing stops a statement."""
    return False
