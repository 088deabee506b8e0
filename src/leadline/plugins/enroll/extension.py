"""The node key from an extension."""

from __future__ import annotations

from leadline.plugins.errors import RefusedError
from leadline.plugins.extension import Remote, merged, succeeded
from leadline.plugins.kinds import Context


class Extension:
    """Asks an enroll plugin of an extension."""

    def __init__(self, context: Context, remote: Remote) -> None:  # noqa: ARG002
        self.remote = remote

    def enroll(self) -> str:
        """The node key."""
        rows = succeeded("enroll", self.remote.name, self.remote.call({"action": "enroll"}))
        key = dict(merged(rows)).get("node_key", "")
        if not key:
            raise RefusedError(f"The enroll plugin {self.remote.name} of an extension gave no node key")
        return key

    def cancel(self) -> None:
        """End an enrollment that another thread is in."""
        self.remote.cancel()
