"""The configuration from an extension."""

from __future__ import annotations

from collections.abc import Sequence

from leadline.plugins.extension import Remote, merged, succeeded
from leadline.plugins.kinds import Context, PackText


class Extension:
    """Asks a config plugin of an extension."""

    def __init__(self, context: Context, remote: Remote) -> None:  # noqa: ARG002
        self.remote = remote

    def read(self) -> dict[str, str]:
        """The text of every source the extension names."""
        rows = succeeded("config", self.remote.name, self.remote.call({"action": "genConfig"}))
        return dict(merged(rows))

    def packs(self, name: str, value: str) -> Sequence[PackText]:
        """The pack that the extension has for a value of its own."""
        reply = self.remote.call({"action": "genPack", "name": name, "value": value})
        text = dict(merged(succeeded("config", self.remote.name, reply))).get(name, "")
        return [PackText(name, f"pack {name} of {self.remote.name}", text)] if text else []

    def cancel(self) -> None:
        """End a read that another thread is in."""
        self.remote.cancel()
