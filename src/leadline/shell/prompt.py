"""The prompt on a terminal: history, completion and highlighting by prompt_toolkit and Pygments."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import ANSI
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.lexers import PygmentsLexer
from prompt_toolkit.output import ColorDepth, Output
from prompt_toolkit.styles import BaseStyle, Style, merge_styles, style_from_pygments_cls
from pygments.lexers.sql import SqlLexer
from pygments.styles import get_style_by_name

from leadline.catalogue.selection import selected
from leadline.flags import Flags
from leadline.shell import history
from leadline.shell.completion import Vocabulary, candidates
from leadline.shell.interactive import COLOUR, CONTINUATION, PROMPT
from leadline.shell.script import blank
from leadline.sql import analysis

QUIET = Style.from_dict({"completion-menu.meta.completion": "italic"})


class Prompt:
    """Reads statements and commands, each whole."""

    def __init__(
        self,
        flags: Flags,
        *,
        coloured: bool,
        mark: Callable[[], str] = str,
        path: str = "",
        input: Input | None = None,
        output: Output | None = None,
    ) -> None:
        self.history = history.FileHistory(path or os.path.join(history.home(), ".history"))
        self.mark = mark
        self.coloured = coloured and "xterm-256color" in os.environ.get("TERM", "")
        self.session: PromptSession[str] = PromptSession(
            history=self.history,
            completer=SQLCompleter(flags),
            complete_while_typing=False,
            lexer=PygmentsLexer(SqlLexer) if coloured else None,
            style=style() if coloured else QUIET,
            include_default_pygments_style=False,
            color_depth=None if coloured else ColorDepth.DEPTH_1_BIT,
            multiline=True,
            key_bindings=bindings(),
            prompt_continuation=lambda width, number, wrapped: self.text(CONTINUATION),
            input=input,
            output=output,
        )

    def text(self, prompt: str) -> ANSI:
        """A prompt in osquery's colour, where it shows one."""
        prompt = f"{self.mark()}{prompt}"
        return ANSI(f"{COLOUR}{prompt}\033[0m" if self.coloured else prompt)

    def read(self, continued: bool) -> str | None:
        """The next statement or command, which may have several lines; None at the end of input.

        Raises KeyboardInterrupt for Ctrl-C.
        """
        try:
            return self.session.prompt(self.text(CONTINUATION if continued else PROMPT))
        except EOFError:
            return None

    def close(self) -> None:
        """Keep the history."""
        self.history.save()


def finished(text: str) -> bool:
    """Whether Enter sends the text: a command, an empty line, or statements that are complete."""
    return (text.startswith(".") and not text.startswith(".types ")) or blank(text) or analysis.complete(text)


def bindings() -> KeyBindings:
    """Enter sends what is finished and else starts a new line; Alt-Enter always sends."""
    keys = KeyBindings()

    @keys.add("enter")
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if finished(buffer.text):
            buffer.validate_and_handle()
        else:
            buffer.newline(copy_margin=False)

    @keys.add("escape", "enter")
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    return keys


def style() -> BaseStyle:
    """Pygments' default colours over prompt_toolkit's."""
    return merge_styles([style_from_pygments_cls(get_style_by_name("default")), QUIET])


class SQLCompleter(Completer):
    """Completions from the catalogue, which is read when the first one is asked for."""

    def __init__(self, flags: Flags) -> None:
        self.flags = flags
        self.vocabulary: Vocabulary | None = None

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:  # noqa: ARG002
        """prompt_toolkit's interface."""
        if self.vocabulary is None:
            self.vocabulary = vocabulary(self.flags)
        for candidate in candidates(document.text_before_cursor, document.text_after_cursor, self.vocabulary):
            yield Completion(candidate.text, start_position=-candidate.length, display_meta=candidate.kind)


def vocabulary(flags: Flags) -> Vocabulary:
    """The tables that the shell offers with their columns, and the functions of the engine."""
    import leadline.catalogue
    from leadline.sql.engine import Engine

    path = os.path.join(os.path.dirname(leadline.catalogue.__file__), "catalogue.json")
    with open(path, encoding="utf-8") as stream:
        document = json.load(stream)
    offered = selected(flags)[0]
    tables = {
        table["name"]: [column["name"] for column in table["columns"]]
        for table in document["tables"]
        if table["name"] in offered
    }
    with Engine(tables={}, aliases={}) as engine:
        functions = sorted({str(row[0]) for row in engine.query("PRAGMA function_list") if str(row[0]).isidentifier()})
    return Vocabulary(tables, functions)
