"""Notices a state that was copied from another machine: a cloned disk, or an image with an agent in it.

Two machines that share a state share a node key and an instance id, and servers take them for one. So the state
remembers facts about the machine it belongs to, and at each start they are compared with what is there. No single one
decides, because each changes on a machine that stays itself: machine-ids are made anew, network cards are replaced,
firmware that is updated tells another UUID, files are restored from a backup. And clones may share most: machines made
from one template often have the same UUID and the same machine-id.
"""

from __future__ import annotations

import json
import logging
import os
from hashlib import sha256
from typing import Any

from leadline.agent.state import State
from leadline.linux import files, hardware, identity, rooted

log = logging.getLogger(__name__)

DOMAIN = "configurations"
KEY = "machine"
KEPT = ("lines", "backlog")
"""Tables of the state that stay: a log line says itself whose it is, and must not be lost."""

Facts = dict[str, Any]

WORDS = {
    "uuid": "the hardware UUID",
    "machine_id": "the machine-id",
    "addresses": "the network cards",
    "disks": "the disks",
    "file": "the place of the file",
}


def facts(path: str, root: str = "") -> Facts:
    """What this machine and the file of the state are like; what cannot be known is empty."""
    machine_id = (files.read(rooted.path(root, "/etc/machine-id"), 64) or b"").strip()
    try:
        inode = str(os.stat(path).st_ino)
    except OSError:
        inode = ""
    return {
        "uuid": (identity.hardware_uuid(root) or "").lower(),
        # machine-id(5) asks programs to keep the id itself to themselves
        "machine_id": sha256(b"leadline" + machine_id).hexdigest() if machine_id else "",
        "addresses": hardware.addresses(root),
        "disks": hardware.disks(root),
        "boot": (files.read("/proc/sys/kernel/random/boot_id", 64) or b"").decode("ascii", "replace").strip(),
        "file": inode,
    }


def same(before: Facts, now: Facts, name: str) -> bool | None:
    """Whether a fact still holds; of several devices one that is still there is enough. None when nobody knows."""
    old, new = before.get(name), now.get(name)
    if not old or not new:
        return None
    return bool(set(old) & set(new)) if isinstance(old, list) and isinstance(new, list) else bool(old == new)


def copied(before: Facts, now: Facts) -> bool:
    """Whether the state that remembers ``before`` came here as a copy."""
    uuid, machine_id, cards, disks, boot, file = (
        same(before, now, name) for name in ("uuid", "machine_id", "addresses", "disks", "boot", "file")
    )
    if boot and file:  # it has been here since the kernel started, whatever was changed meanwhile
        return False
    if cards:
        return machine_id is False and (uuid is False or file is False)
    if cards is False:
        # Other cards in the old machine; with its disks known to be others too, or not known, it is another machine.
        return uuid is False or machine_id is False or not disks
    return uuid is False or file is False or (machine_id is False and not uuid)


def settle(state: State, root: str = "") -> bool:
    """Make sure that the state is this machine's own; whether it had been another's.

    Then everything that belongs to the other machine is forgotten (identity, node key, previous results), so that
    this one gets an identity of its own and enrolls.
    """
    path = state.connection.filename
    if not path:
        return False
    now = facts(path, root)
    text = state.get(DOMAIN, KEY)
    before = decoded(text)
    foreign = before is not None and copied(before, now)
    with state.transaction():
        if foreign:
            assert before is not None
            other = [words for name, words in WORDS.items() if same(before, now, name) is False]
            log.warning(
                "The state in %s was copied from another machine, by what is different here (%s): this machine gets an"
                " instance id of its own and enrolls anew",
                path,
                ", ".join(other),
            )
            forget(state)
        elif before is not None:
            # A device that is missing now may be back at the next start.
            now = {name: value or before.get(name) or value for name, value in now.items()}
        fresh = json.dumps(now)
        if fresh != text:
            state.put(DOMAIN, KEY, fresh)
    return foreign


def decoded(text: str | None) -> Facts | None:
    """The facts that a state remembers; None when it remembers none."""
    try:
        found = json.loads(text) if text else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def forget(state: State) -> None:
    """Empty every table but those that are kept."""
    with state.transaction() as connection:
        tables = [
            str(name)
            for (name,) in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            )
        ]
        for table in tables:
            if table not in KEPT:
                connection.execute(f'DELETE FROM "{table}"')  # noqa: S608 - a name from the schema
