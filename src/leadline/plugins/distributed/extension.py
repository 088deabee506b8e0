"""Distributed queries through an extension."""

from __future__ import annotations

import json
from collections.abc import Sequence

from leadline.plugins.distributed.tls import statements
from leadline.plugins.errors import RefusedError
from leadline.plugins.extension import Remote, merged, succeeded
from leadline.plugins.kinds import Context, Results, Work


class Extension:
    """Asks a distributed plugin of an extension for work and hands it the answers."""

    def __init__(self, context: Context, remote: Remote) -> None:  # noqa: ARG002
        self.remote = remote

    def read(self, wait: int, running: Sequence[str]) -> Work:  # noqa: ARG002 - an extension answers at once
        """Ask for work; the answer is the document that a TLS server gives."""
        rows = succeeded("distributed", self.remote.name, self.remote.call({"action": "getQueries"}))
        text = dict(merged(rows)).get("results") or "{}"
        try:
            found = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise RefusedError(f"The distributed plugin {self.remote.name} gave no JSON: {text[:80]!r}") from error
        if not isinstance(found, dict):
            raise RefusedError(f"The distributed plugin {self.remote.name} gave no JSON object")
        accelerate = found.get("accelerate")
        return Work(
            statements(found, "queries"),
            statements(found, "discovery"),
            accelerate if isinstance(accelerate, int) and not isinstance(accelerate, bool) else 0,
            held=False,
        )

    def write(self, results: Results) -> None:
        """Deliver answers; an extension takes them as one text."""
        text = b"".join(results.pieces()).decode("utf-8", "replace")
        reply = self.remote.call({"action": "writeResults", "results": f"{{{text}}}"})
        succeeded("distributed", self.remote.name, reply)

    def cancel(self) -> None:
        """End a request that another thread is in."""
        self.remote.cancel()
