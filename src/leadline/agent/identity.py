"""Who this machine is: the identifier that servers and log lines know it by."""

from __future__ import annotations

import logging
import os
import socket
from uuid import uuid4

from leadline.agent import clones
from leadline.agent.state import State
from leadline.flags import Flags
from leadline.linux import identity

log = logging.getLogger(__name__)

DOMAIN = "configurations"


def hostname() -> str:
    """The name the kernel has for this machine."""
    return socket.gethostname()


def host_uuid(state: State, root: str = "") -> str:
    """The firmware's UUID where there is one, else the stored one, else a new one; what is new is kept."""
    found = identity.hardware_uuid(root)
    stored = state.get(DOMAIN, "host_uuid_v3")
    if found is None and stored:
        return stored
    uuid = found or identity.host_uuid(root) or str(uuid4())
    if uuid != stored:
        state.put(DOMAIN, "host_uuid_v3", uuid)
    return uuid


def instance_uuid(state: State) -> str:
    """The UUID of this installation, made at its first start."""
    stored = state.get(DOMAIN, "instance_uuid_v1")
    if stored:
        return stored
    uuid = str(uuid4())
    state.put(DOMAIN, "instance_uuid_v1", uuid)
    return uuid


def keep_private(state: State) -> None:
    """Take the state's file, which holds the node key, away from other users when somebody let them read it."""
    path = state.connection.filename
    for name in (path, f"{path}-wal", f"{path}-shm"):
        try:
            mode = os.stat(name).st_mode
            if path and mode & 0o077:
                os.chmod(name, mode & 0o700)
                log.warning("The state in %s could be used by other users (mode %o)", name, mode & 0o777)
        except OSError:  # not there, or another user's
            pass


class Identity:
    """The UUIDs of this run, and the identifier that the flags choose among them."""

    def __init__(self, flags: Flags, state: State, root: str = "") -> None:
        self.flags = flags
        keep_private(state)
        clones.settle(state, root)
        self.uuid = host_uuid(state, root)
        self.instance = instance_uuid(state)
        self.ephemeral = str(uuid4())

    def identifier(self) -> str:
        """What ``host_identifier`` asks for; an unknown word counts as ``hostname``."""
        wanted = self.flags.text("host_identifier")
        if wanted == "uuid":
            return self.uuid
        if wanted == "instance":
            return self.instance
        if wanted == "ephemeral":
            return self.ephemeral
        if wanted == "specified":
            return self.flags.text("specified_identifier")
        return hostname()
