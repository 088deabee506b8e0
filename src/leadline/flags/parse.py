"""The command line and flag files, as gflags reads them (gflags.cc, ``CommandLineFlagParser``)."""

from __future__ import annotations

import os

from leadline.flags.errors import FlagError, FlagFileError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from leadline.flags import Declaration, Flags

NESTING = 64
"""Flag files may name flag files; gflags itself would recurse until it crashes."""


def parse(flags: Flags, arguments: Sequence[str], program: str, fallback: str) -> list[str]:
    """See :meth:`leadline.flags.Flags.parse`."""
    parser = Parser(flags, program)
    named = any(argument.startswith("--flagfile") for argument in arguments)
    if fallback and not named and os.access(fallback, os.R_OK):
        parser.file(fallback, 0)
    rest = parser.line(arguments)
    errors = parser.remaining()
    if errors and not (flags.on("help") or flags.on("helpfull") or flags.on("helpshort") or flags.on("version")):
        raise FlagError("\nERROR: ".join(errors))
    return rest


class Parser:
    """One command line being read: errors are kept by flag name and reported together at the end."""

    __slots__ = ("errors", "flags", "program", "undefined")

    def __init__(self, flags: Flags, program: str) -> None:
        self.flags = flags
        self.program = program
        self.errors: dict[str, str] = {}
        self.undefined: set[str] = set()

    def line(self, arguments: Sequence[str]) -> list[str]:
        """Read a command line; the rest, those after ``--`` first (gflags moves the others behind them)."""
        positional: list[str] = []
        flagged = list(arguments)
        index = 0
        while index < len(flagged):
            argument = flagged[index]
            index += 1
            if len(argument) < 2 or argument[0] != "-":
                positional.append(argument)
                continue
            name = argument[2:] if argument[1] == "-" else argument[1:]
            if not name:
                return flagged[index:] + positional
            declaration, key, value = self.split(name)
            if declaration is None:
                continue
            if value is None:
                if index >= len(flagged):
                    text = f"flag '{argument}' is missing its argument"
                    description = declaration[4]
                    self.errors[key] = f"{text}; flag description: {description}" if description else text
                    break
                value = flagged[index]
                index += 1
            self.one(declaration, value, "command line", 0)
        return positional

    def split(self, argument: str) -> tuple[Declaration | None, str, str | None]:
        """The flag, its name and its value of ``name``, ``name=value`` or ``noname``; errors are recorded."""
        key, equals, text = argument.partition("=")
        value = text if equals else None
        declaration = self.flags.declaration(key)
        if declaration is None:
            declaration = self.flags.declaration(key[2:]) if key.startswith("no") else None
            if declaration is None:
                self.undefined.add(key)
                self.errors[key] = f"unknown command line flag '{key}'"
            elif declaration[2] != "bool":
                self.undefined.add(key)
                self.errors[key] = f"boolean value ({key}) specified for {declaration[2]} command line flag"
                declaration = None
            else:
                value = "0"
        elif value is None and declaration[2] == "bool":
            value = "1"
        return declaration, key, value

    def one(self, declaration: Declaration, value: str, origin: str, depth: int) -> None:
        """Set one flag; those that bring further flags do so at once."""
        name = declaration[0]
        try:
            self.flags.set(name, value, origin)
        except FlagError as error:
            self.errors[name] = str(error)
            return
        if name == "flagfile":
            for path in names(value):
                self.file(path, depth + 1)
        elif name in ("fromenv", "tryfromenv"):
            self.environment(names(value), required=name == "fromenv", depth=depth)

    def environment(self, wanted: list[str], *, required: bool, depth: int) -> None:
        """Set flags from the variables FLAGS_name."""
        for name in wanted:
            declaration = self.flags.declaration(name)
            variable = f"FLAGS_{name}"
            value = os.environ.get(variable)
            if declaration is None:
                self.undefined.add(name)
                self.errors[name] = f"unknown command line flag '{name}' (via --fromenv or --tryfromenv)"
            elif value is None:
                if required:
                    self.errors[name] = f"{variable} not found in environment"
            elif value in ("fromenv", "tryfromenv"):
                self.errors[name] = f"infinite recursion on environment flag '{value}'"
            else:
                self.one(declaration, value, f"environment {variable}", depth)

    def file(self, path: str, depth: int) -> None:
        """Read a flag file: one flag a line, comments, and lines of program name patterns that start a section.

        Unknown flags, and flags without a value, are passed over as gflags does; a value that does not fit is an
        error. Raises FlagFileError when the file cannot be read.
        """
        if depth > NESTING:
            raise FlagError(f"flag files are nested more than {NESTING} deep at '{path}'")
        try:
            with open(path, "rb") as stream:
                lines = stream.read().decode("utf-8", "surrogateescape").replace("\r", "\n").split("\n")
        except OSError as error:
            raise FlagFileError(f"{path}: {os.strerror(error.errno or 0)}") from None
        relevant, naming = True, False
        for line in lines:
            line = line.lstrip(" \t\v\f")
            if not line or line[0] == "#":
                continue
            if line[0] != "-":
                if not naming:
                    naming, relevant = True, False
                relevant = relevant or self.meant(line)
                continue
            naming = False
            if not relevant:
                continue
            name = line[2:] if line[1:2] == "-" else line[1:]
            known = (dict(self.errors), set(self.undefined))
            declaration, _, value = self.split(name)
            if declaration is None:
                self.errors, self.undefined = known
            elif value is not None:
                self.one(declaration, value, f"flag file {path}", depth)

    def meant(self, line: str) -> bool:
        """Whether a line of patterns in a flag file names this program, by its path or its last part."""
        from fnmatch import fnmatchcase

        short = self.program.rsplit("/", 1)[-1]
        return any(fnmatchcase(self.program, word) or fnmatchcase(short, word) for word in line.split(" "))

    def remaining(self) -> list[str]:
        """The errors that count, by flag name, when ``--undefok`` has been heard."""
        if not self.errors:
            return []
        for name in names(self.flags.text("undefok")):
            for form in (name, f"no{name}"):
                if form in self.undefined:
                    self.errors.pop(form, None)
                    break
        return [text for _, text in sorted(self.errors.items())]


def names(text: str) -> list[str]:
    """A comma-separated list of flag or file names. Raises FlagError as gflags does for empty and dashed ones."""
    found = text.split(",") if text else []
    if found and not found[-1]:
        found.pop()
    for name in found:
        if not name:
            raise FlagError("empty flaglist entry")
        if name[0] == "-":
            raise FlagError(f"flag \"{name}\" begins with '-'")
    return found
