"""The configuration from an extension."""

from __future__ import annotations

from leadline.plugins.extension import Remote, merged, succeeded
from leadline.plugins.kinds import Context


class Extension:
    """Asks a config plugin of an extension."""

    def __init__(self, context: Context, remote: Remote) -> None:  # noqa: ARG002
        self.remote = remote

    def read(self) -> dict[str, str]:
        """The text of every source the extension names."""
        rows = succeeded("config", self.remote.name, self.remote.call({"action": "genConfig"}))
        return dict(merged(rows))

    def pack(self, name: str, value: str) -> str:
        """The text of a pack that the configuration names by a value of the extension's own. Raises PluginError."""
        reply = self.remote.call({"action": "genPack", "name": name, "value": value})
        return dict(merged(succeeded("config", self.remote.name, reply))).get(name, "")

    def cancel(self) -> None:
        """End a read that another thread is in."""
        self.remote.cancel()
