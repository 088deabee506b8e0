"""What the author of an extension writes with."""

from __future__ import annotations

from leadline.sql.schema import ALL, PLATFORM_NAMES, Column, Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import NoReturn

    from leadline.sql.schema import Generator, Writer

    Request = Mapping[str, str]
    Answer = list[dict[str, str]]


class Plugin:
    """A plugin that is no table: ``answer`` turns a request into the rows of its answer, or raises."""

    __slots__ = ("answer", "kind", "name")

    def __init__(self, kind: str, name: str, answer: Callable[[Request], Answer]) -> None:
        self.kind = kind
        self.name = name
        self.answer = answer


def table(
    name: str,
    *columns: Column,
    aliases: Sequence[str] = (),
    writer: Writer | None = None,
    user_data: bool = False,
    events: bool = False,
) -> Callable[[Generator], Table]:
    """Declare a table; the decorated function is given a Query and gives rows, tuples in the order of the columns.

    A cell is None for NULL, and values missing at the end of a row are NULL. The query's constraints are a licence to
    return fewer rows, not a duty: every row is checked again. With a ``writer`` the table can be written, and each row
    ends in its number, which the writer will be given.
    """
    given = {"extension": writer is not None, "user_data": user_data, "events": events}

    def declare(generator: Generator) -> Table:
        declared = Table(
            name,
            columns,
            ALL,
            aliases=aliases,
            attributes=frozenset(attribute for attribute, on in given.items() if on),
            description=(generator.__doc__ or "").strip(),
            module=generator.__module__,
            writer=writer,
        )
        for platform in PLATFORM_NAMES:
            declared.on(platform)(generator)
        return declared

    return declare


def logger(name: str, *, status: bool = False) -> Callable[[Callable[[str, str], None]], Plugin]:
    """Declare a logger: the decorated function is given a kind and a line, and raises when it cannot take it.

    The kind is ``result``, ``snapshot`` or, for a logger that wants ``status`` messages, ``status``; such a line is a
    JSON object with the members s, f, i, m, h, c and u: severity, file, line number, message, host, time as text and
    in seconds since 1970.
    """

    def declare(log: Callable[[str, str], None]) -> Plugin:
        def answer(request: Request) -> Answer:
            import json

            if "string" in request:
                log("result", request["string"])
            elif "string_batch" in request:
                for line in json.loads(request["string_batch"]):
                    log("result", line)
            elif "snapshot" in request:
                log("snapshot", request["snapshot"])
            elif status and ("status" in request or "init" in request):
                for message in json.loads(request.get("log") or "[]"):
                    log("status", json.dumps(message, ensure_ascii=False))
            elif request.get("action") == "features":
                raise Code(int(status))
            elif "init" not in request:
                raise ValueError("Unsupported call to logger plugin")
            return []

        return Plugin("logger", name, answer)

    return declare


def config(name: str) -> Callable[[Callable[[], Mapping[str, object]]], Plugin]:
    """Declare a config plugin: the decorated function returns the documents of the configuration by source name, each
    as JSON text or as an object."""

    def declare(read: Callable[[], Mapping[str, object]]) -> Plugin:
        def answer(request: Request) -> Answer:
            import json

            if request.get("action") != "genConfig":
                raise ValueError(f"Config plugin action unknown: {request.get('action', '')}")
            sources = read()
            return [{key: value if isinstance(value, str) else json.dumps(value) for key, value in sources.items()}]

        return Plugin("config", name, answer)

    return declare


class Code(Exception):  # noqa: N818 - no error: some questions are answered by the code of the status
    """An answer that is a number."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def run(name: str, version: str, *offered: Table | Plugin, argv: Sequence[str] | None = None) -> NoReturn:
    """Register with the program whose socket ``--socket`` names, serve until it ends or asks to end, and exit.

    The command line is osquery's: ``--socket PATH --timeout SECONDS --interval SECONDS --verbose``. The exit code is 0
    when the end was asked for, 1 when the other program could not be reached or did not want the extension.
    """
    import sys

    from leadline.extensions.hosting import main

    sys.exit(main(name, version, offered, sys.argv[1:] if argv is None else argv))
