"""Flags: what can be set on the command line, in flag files and by the configuration.

The syntax and the messages are those of gflags, which osquery uses. Declarations are data in
:mod:`leadline.flags.declared` and are imported one subject at a time, when a name is first looked up.
"""

from __future__ import annotations

import sys

from leadline.flags.errors import FlagError, FlagFileError, FlagRefusedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Declaration = tuple[str, str, str, str, str]

__all__ = ["DEFAULT_FLAGFILE", "FlagError", "FlagFileError", "FlagRefusedError", "Flags"]

DEFAULT_FLAGFILE = "/etc/osquery/osquery.flags.default"
"""Read before the command line when that names no flag file (see ``fallback`` of :meth:`Flags.parse`)."""

COMMAND_LINE = "command line"
CONFIG = "config"
DEFAULT = "default"
PROGRAM = "program"


class Flags:
    """The values of every flag, with where each came from."""

    __slots__ = ("_beneath", "_declared", "_origins", "_pending", "_values", "custom")

    def __init__(self) -> None:
        from leadline.flags.declared import SUBJECTS

        self._declared: dict[str, Declaration] = {}  # by name and by alias
        self._pending = list(SUBJECTS)
        self._values: dict[str, str] = {}
        self._origins: dict[str, str] = {}
        self._beneath: dict[str, tuple[str, str] | None] = {}  # value and origin that the configuration hides
        self.custom: dict[str, str] = {}
        """The ``custom_*`` options of the configuration, which need no declaration."""

    def parse(self, arguments: Sequence[str], program: str = "", fallback: str = "") -> list[str]:
        """Set flags from a command line without the program's name; return what is not a flag.

        As in gflags, flags and other arguments may be mixed and ``--`` ends the flags; arguments after ``--`` come
        first in the answer. ``fallback`` is a flag file that is read first, if the line names none and it is
        readable. ``program`` is compared with the file name patterns that a flag file may contain.

        Raises FlagError when flags are unknown or values do not fit (all of them in one text), unless ``--help`` or
        ``--version`` was given, and FlagFileError.
        """
        from leadline.flags.parse import parse

        return parse(self, arguments, program, fallback)

    def declaration(self, name: str) -> Declaration | None:
        """The (name, kind, type, default, description) of a flag or an alias; None when there is none."""
        found = self._declared.get(name)
        while found is None and self._pending:
            self._load(self._pending.pop(0))
            found = self._declared.get(name)
        if found is None and "-" in name:
            return self.declaration(name.replace("-", "_"))
        return found

    def _load(self, subject: str) -> None:
        name = f"leadline.flags.declared.{subject}"
        __import__(name)
        module = sys.modules[name]
        declared = self._declared
        for declaration in module.FLAGS:
            declared[declaration[0]] = declaration
        for alias, target in getattr(module, "ALIASES", {}).items():
            declared[alias] = declared[target]

    def _get(self, name: str) -> str:
        value = self._values.get(name)
        if value is not None:
            return value
        declaration = self.declaration(name)
        if declaration is None:
            if name in self.custom:
                return self.custom[name]
            raise FlagError(f"unknown command line flag '{name}'")
        return self._values.get(declaration[0], declaration[3])

    def text(self, name: str) -> str:
        """The value as text: ``true`` and ``false`` for bool. Raises FlagError for a name that is not declared."""
        return self._get(name)

    def number(self, name: str) -> int:
        """The value of an integer flag."""
        return int(self._get(name))

    def real(self, name: str) -> float:
        """The value of a numeric flag as a float."""
        return float(self._get(name))

    def on(self, name: str) -> bool:
        """Whether a bool flag is true."""
        return self._get(name) == "true"

    def given(self, name: str) -> bool:
        """Whether something other than the declaration decided the (canonical) flag's value. Costs no import."""
        return name in self._values

    def origin(self, name: str) -> str:
        """Where the value comes from: ``default``, ``command line``, ``flag file PATH``, ``config`` or ``program``."""
        declaration = self.declaration(name)
        return self._origins.get(declaration[0] if declaration else name, DEFAULT)

    def set(self, name: str, text: str, origin: str = CONFIG) -> None:
        """Set a flag.

        The configuration (``origin="config"``) may set ``custom_*`` names and every flag that is not for the command
        line only. Raises FlagRefusedError with a text for the log otherwise, and FlagError when the value does not fit
        or the name is unknown.
        """
        if origin == CONFIG and name.startswith("custom_"):
            self.custom[name] = text
            self._origins[name] = origin
            return
        name, value = self._checked(name, text, origin)
        if origin == CONFIG:
            self._beneath.setdefault(name, self._below(name))
        elif name in self._beneath:
            self._beneath[name] = (value, origin)
            return
        self._values[name] = value
        self._origins[name] = origin

    def _checked(self, name: str, text: str, origin: str) -> tuple[str, str]:
        """The flag's own name and the canonical value, as for :meth:`set`."""
        declaration = self.declaration(name)
        if declaration is None or (origin == CONFIG and declaration[1] == "library"):
            if origin == CONFIG:
                raise FlagRefusedError(f"Cannot set unknown or invalid flag: {name}")
            raise FlagError(f"unknown command line flag '{name}'")
        if origin == CONFIG and declaration[1] == "cli":
            raise FlagRefusedError(
                f"The CLI only flag --{name} set via config file will be ignored, please use a flagfile or pass it to"
                " the process at startup"
            )
        from leadline.flags.values import canonical

        return declaration[0], canonical(declaration, text)

    def _below(self, name: str) -> tuple[str, str] | None:
        """Value and origin of a flag that the configuration has not set; None for its default."""
        return (self._values[name], self._origins[name]) if name in self._values else None

    def configure(self, options: Mapping[str, str]) -> dict[str, str]:
        """Make these the options of the configuration: what it set before goes back to what it was without it.

        Other threads see each flag either as it was or as it will be. Returns why options were refused, by name.
        """
        values, origins = dict(self._values), dict(self._origins)
        for name, below in self._beneath.items():
            if below is None:
                values.pop(name, None)
                origins.pop(name, None)
            else:
                values[name], origins[name] = below
        for name in self.custom:
            origins.pop(name, None)
        custom: dict[str, str] = {}
        beneath: dict[str, tuple[str, str] | None] = {}
        refused: dict[str, str] = {}
        for name, text in options.items():
            if name.startswith("custom_"):
                custom[name], origins[name] = text, CONFIG
                continue
            try:
                own, value = self._checked(name, text, CONFIG)
            except FlagRefusedError as error:
                declaration = self.declaration(name)  # no need to tell of an option that is so already
                if declaration is None or values.get(declaration[0], declaration[3]) != text:
                    refused[name] = str(error)
                continue
            except FlagError as error:
                refused[name] = str(error)
                continue
            beneath.setdefault(own, (values[own], origins[own]) if own in values else None)
            values[own], origins[own] = value, CONFIG
        self._values, self._origins, self._beneath, self.custom = values, origins, beneath, custom
        return refused

    def assume(self, name: str, text: str) -> None:
        """Set a flag that is known to exist to a canonical value, without loading its declaration: for programs that
        decide flags themselves at every start.
        """
        self._values[name] = text
        self._origins[name] = PROGRAM

    def declarations(self) -> list[Declaration]:
        """Every declaration, sorted by name, aliases left out."""
        while self._pending:
            self._load(self._pending.pop(0))
        return sorted({declaration[0]: declaration for declaration in self._declared.values()}.values())

    def rows(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        """(name, type, description, default, value, shell_only) of every flag, as osquery_flags lists them."""
        for name, kind, type, default, description in self.declarations():
            if kind != "library":
                yield name, type, description, default, self._values.get(name, default), int(kind == "shell")
        for name in sorted(self.custom):
            yield name, "string", "", "", self.custom[name], 0

    def listed(self) -> Iterator[tuple[str, str, str, str, str, int, str]]:
        """The same with where each value comes from."""
        for row in self.rows():
            yield *row, self.origin(row[0])
