"""Columns of other queries that every log line carries: the ``decorators`` of the configuration."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

from leadline.agent.configuration import EMPTY, Configuration, Part, Problem, whole
from leadline.sql.errors import SQLError

log = logging.getLogger(__name__)

Run = Callable[[str], list[dict[str, str]]]
"""Runs SQL; returns at most two rows as text. Raises SQLError."""


class Decorators:
    """The decorators of each source and what they last said.

    Used by the scheduler's thread; only ``current`` is read by others, and it is replaced, never changed.
    """

    def __init__(self) -> None:
        self.configuration: Configuration = EMPTY
        self.found: dict[str, dict[str, str]] = {}  # by source
        self.loaded: dict[str, str] = {}  # hash of a source's text when its load decorators ran
        self.current: dict[str, str] = {}

    def configure(self, configuration: Configuration, run: Run) -> None:
        """Take a new configuration; run the ``load`` decorators of the sources that changed."""
        self.configuration = configuration
        hashes = {part.source: part.hash for part, _ in self.each()}
        same = {source for source, hash in self.loaded.items() if hashes.get(source) == hash}
        self.found = {source: found for source, found in self.found.items() if source in same}
        self.loaded = hashes
        for part, listed in self.each():
            if part.source not in same:
                self.decorate(part.source, listed.get("load"), run)
        self.publish()

    def always(self, run: Run) -> None:
        """Run the ones that go before every scheduled query."""
        found = False
        for part, listed in self.each():
            found |= self.decorate(part.source, listed.get("always"), run)
        if found:
            self.publish()

    def interval(self, second: int, run: Run) -> None:
        """Run those whose interval divides the scheduler's second; it calls every 60 of them."""
        for part, listed in self.each():
            for key, statements in intervals(listed):
                seconds = whole(key) or 0
                if seconds > 0 and seconds % 60 == 0 and second % seconds == 0:
                    self.decorate(part.source, statements, run)
        self.publish()

    def problems(self) -> list[Problem]:
        """Intervals that never come."""
        found = []
        for part, listed in self.each():
            for key, _ in intervals(listed):
                seconds = whole(key) or 0
                if seconds <= 0 or seconds % 60:
                    sentence = f"The decorator interval {key} is not a multiple of 60 seconds and has no effect"
                    path = (*part.path, "decorators", "interval", key)
                    found.append(self.configuration.problem(part.place, path, sentence))
        return found

    def each(self) -> Iterator[tuple[Part, dict[str, Any]]]:
        """The decorators of each source; packs that have some are sources of their own."""
        for part in self.configuration.parts():
            listed = part.document.get("decorators")
            if isinstance(listed, dict):
                yield part, listed

    def decorate(self, source: str, statements: object, run: Run) -> bool:
        """Run statements and keep the first row of each; whether there were any."""
        listed = statements if isinstance(statements, list) else []
        for sql in listed:
            try:
                rows = run(str(sql))
            except SQLError as error:
                log.warning("Error executing decorator query: %s: %s", error.message, sql)
                continue
            if len(rows) > 1:
                log.warning("Multiple rows returned for decorator query: %s", sql)
            if rows:
                self.found.setdefault(source, {}).update(rows[0])
        return bool(listed)

    def publish(self) -> None:
        """Make what is known visible to the writers of log lines."""
        merged: dict[str, str] = {}
        for part, _ in self.each():
            merged.update(self.found.get(part.source, {}))
        self.current = merged


def intervals(listed: dict[str, Any]) -> list[tuple[str, object]]:
    """The interval decorators of a section."""
    by_interval = listed.get("interval")
    return list(by_interval.items()) if isinstance(by_interval, dict) else []
