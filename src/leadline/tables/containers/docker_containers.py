"""The docker_containers table."""

from __future__ import annotations

from leadline.sql.schema import BIGINT, INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.containers import details, docker


@table(
    "docker_containers",
    Column("id", TEXT, "Identifier of the container, or its beginning as asked for.", index=True, collate="nocase"),
    Column("name", TEXT, "First name of the container, with the slash in front that Docker gives it.", index=True),
    Column("image", TEXT, "Image it was made from, as it was named then."),
    Column("image_id", TEXT, "Identifier of that image.", collate="nocase"),
    Column("command", TEXT, "Command it runs, with its arguments."),
    Column("created", BIGINT, "Time it was made, in seconds since 1970."),
    Column("state", TEXT, "State such as `running`, `paused` or `exited`."),
    Column("status", TEXT, "State and how long ago it was reached, such as `Up 4 hours`."),
    Column("pid", BIGINT, "Process id of its first process; 0 when it does not run."),
    Column("path", TEXT, "Program it runs."),
    Column("config_entrypoint", TEXT, "Entry point of its configuration, the words separated by a comma and a space."),
    Column("started_at", TEXT, "Time it was last started, as Docker writes it."),
    Column("finished_at", TEXT, "Time it last ended, as Docker writes it; empty while it runs."),
    Column("privileged", INTEGER, "1 when it runs with all privileges, else 0."),
    Column("security_options", TEXT, "Security options, separated by a comma and a space."),
    Column("env_variables", TEXT, "Environment variables as `KEY=value`, separated by a comma and a space."),
    Column("readonly_rootfs", INTEGER, "1 when its root file system cannot be written to, else 0."),
    Column("cgroup_namespace", TEXT, "Number of its first process's namespace of control groups.", platforms=LINUX),
    Column("ipc_namespace", TEXT, "Number of its first process's namespace of IPC.", platforms=LINUX),
    Column("mnt_namespace", TEXT, "Number of its first process's namespace of mounts.", platforms=LINUX),
    Column("net_namespace", TEXT, "Number of its first process's namespace of networks.", platforms=LINUX),
    Column("pid_namespace", TEXT, "Number of its first process's namespace of process ids.", platforms=LINUX),
    Column("user_namespace", TEXT, "Number of its first process's namespace of users.", platforms=LINUX),
    Column("uts_namespace", TEXT, "Number of its first process's namespace of host names.", platforms=LINUX),
    platforms=LINUX,
    live=True,
    asks="a running daemon",
    examples=[
        "SELECT id, name, image, status FROM docker_containers",
        "SELECT name, pid, pid_namespace FROM docker_containers WHERE privileged = 1",
    ],
    notes=(
        "From the daemon at the socket of the flag docker_socket. Running containers; with a constraint on the id"
        " also those that do not run. One request, and another one a container when a column from pid on is read."
        " The namespaces are those of /proc/PID/ns and need root."
    ),
)
def docker_containers(query: Query) -> Rows:
    """Containers of the Docker daemon."""
    source = docker.daemon(query)
    names = query.equals("name")
    for identifier, container in docker.containers(query, source):
        row = details.summary(identifier, container)
        if names is None or row[1] in names:
            yield row + details.rest(query, source, container)
