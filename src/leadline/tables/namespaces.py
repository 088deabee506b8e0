"""The hidden columns of tables that can look at another process's mount namespace."""

from __future__ import annotations

from leadline.sql.schema import INTEGER, LINUX, TEXT, Column

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
