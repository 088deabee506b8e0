"""Columns of other queries that every log line carries: the ``decorators`` of the configuration."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

from leadline.agent.configuration import Configuration, Problem, digest, whole
from leadline.sql.errors import SQLError

log = logging.getLogger(__name__)

Run = Callable[[str], list[dict[str, str]]]
"""Runs SQL; returns at most two rows as text. Raises SQLError."""


class Decorators:
    """The decorators of each source and what they last said.

    Used by the scheduler's thread; only ``current`` is read by others, and it is replaced, never changed.
    """

    def __init__(self) -> None:
        self.configuration = Configuration({}, {}, ())
        self.found: dict[str, dict[str, str]] = {}  # by source
        self.loaded: dict[str, str] = {}  # hash of a source's text when its load decorators ran
        self.current: dict[str, str] = {}

    def configure(self, configuration: Configuration, run: Run) -> None:
        """Take a new configuration; run the ``load`` decorators of the sources that changed."""
        self.configuration = configuration
        hashes = {source: digest(text) for source, text in configuration.texts.items()}
        self.found = {
            source: found for source, found in self.found.items() if hashes.get(source) == self.loaded[source]
        }
        self.loaded = {source: hash for source, hash in self.loaded.items() if source in self.found}
        for source, listed in self.each():
            if source not in self.loaded:
                self.decorate(source, listed.get("load"), run)
        for source, hash in hashes.items():
            self.loaded[source] = hash
            self.found.setdefault(source, {})
        self.publish()

    def always(self, run: Run) -> None:
        """Run the ones that go before every scheduled query."""
        for source, listed in self.each():
            self.decorate(source, listed.get("always"), run)
        self.publish()

    def interval(self, second: int, run: Run) -> None:
        """Run those whose interval divides the scheduler's second; it calls every 60 of them."""
        for source, listed in self.each():
            by_interval = listed.get("interval")
            for key, statements in by_interval.items() if isinstance(by_interval, dict) else ():
                seconds = whole(key) or 0
                if seconds > 0 and seconds % 60 == 0 and second % seconds == 0:
                    self.decorate(source, statements, run)
        self.publish()

    def problems(self) -> list[Problem]:
        """Intervals that never come."""
        found = []
        for source, listed in self.each():
            by_interval = listed.get("interval")
            for key in by_interval if isinstance(by_interval, dict) else ():
                seconds = whole(key) or 0
                if seconds <= 0 or seconds % 60:
                    sentence = f"The decorator interval {key} is not a multiple of 60 seconds and has no effect"
                    found.append(Problem(source, 0, sentence))
        return found

    def each(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The decorators of each source."""
        for source, document in self.configuration.documents.items():
            listed = document.get("decorators")
            if isinstance(listed, dict):
                yield source, listed

    def decorate(self, source: str, statements: object, run: Run) -> None:
        """Run statements and keep the first row of each."""
        for sql in statements if isinstance(statements, list) else ():
            try:
                rows = run(str(sql))
            except SQLError as error:
                log.warning("Error executing decorator query: %s: %s", error.message, sql)
                continue
            if len(rows) > 1:
                log.warning("Multiple rows returned for decorator query: %s", sql)
            if rows:
                self.found.setdefault(source, {}).update(rows[0])

    def publish(self) -> None:
        """Make what is known visible to the writers of log lines."""
        merged: dict[str, str] = {}
        for source in self.configuration.documents:
            merged.update(self.found.get(source, {}))
        self.current = merged
