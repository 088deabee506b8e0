"""Looking at another process's mount namespace: the hidden columns for it, and the root to read below."""

from __future__ import annotations

import os

from leadline.linux import mountns
from leadline.sql.schema import INTEGER, LINUX, TEXT, Column

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadline.sql.schema import Query, Value

PID_WITH_NAMESPACE = Column(
    "pid_with_namespace",
    INTEGER,
    "Process whose mount namespace is looked at; 0 for our own.",
    additional=True,
    hidden=True,
    default=0,
    platforms=LINUX,
)
MOUNT_NAMESPACE_ID = Column(
    "mount_namespace_id", TEXT, "Mount namespace the row comes from.", hidden=True, platforms=LINUX
)


def roots(query: Query) -> Iterator[tuple[str, tuple[Value, ...]]]:
    """The roots to read below, each with what rows end in: nothing for our own namespace, else its two columns' values.

    A root of another namespace lasts until the next one is asked for. Links are followed below it, so that nothing of
    the other namespace is taken for ours.
    """
    pids = query.equals("pid_with_namespace")
    if pids is None:
        yield query.root, ()
        return
    for pid in pids:
        if pid == 0:
            yield query.root, ()
        elif query.root:
            query.warn("pid_with_namespace names a process of the running system, not of the root that is looked at")
        elif isinstance(pid, int) and pid > 0:
            # Without the right to look at the process there is no namespace to enter, and there are no rows.
            namespace, descriptor = mountns.identifier(pid), mountns.root(pid)
            if descriptor is None:
                continue
            try:
                yield f"/proc/self/fd/{descriptor}", (pid, namespace)
            finally:
                os.close(descriptor)
