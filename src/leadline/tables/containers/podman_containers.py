"""The podman_containers table."""

from __future__ import annotations

from leadline.sql.schema import BIGINT, INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.containers import details, docker, podman
from leadline.tables.containers.values import text


@table(
    "podman_containers",
    Column("id", TEXT, "Identifier of the container, or its beginning as asked for.", index=True, collate="nocase"),
    Column("name", TEXT, "Name of the container."),
    Column("image", TEXT, "Image it was made from, as it was named then."),
    Column("image_id", TEXT, "Identifier of that image.", collate="nocase"),
    Column("command", TEXT, "Command it runs, with its arguments."),
    Column("created", BIGINT, "Time it was made, in seconds since 1970."),
    Column("state", TEXT, "State such as `running`, `paused` or `exited`."),
    Column("status", TEXT, "State and how long ago it was reached, such as `Up 4 hours`."),
    Column("pid", BIGINT, "Process id of its first process; 0 when it does not run."),
    Column("path", TEXT, "Program it runs."),
    Column("config_entrypoint", TEXT, "Entry point of its configuration, the words separated by a comma and a space."),
    Column("started_at", TEXT, "Time it was last started, as Podman writes it."),
    Column("finished_at", TEXT, "Time it last ended, as Podman writes it; empty while it runs."),
    Column("privileged", INTEGER, "1 when it runs with all privileges, else 0."),
    Column("security_options", TEXT, "Security options, separated by a comma and a space."),
    Column("env_variables", TEXT, "Environment variables as `KEY=value`, separated by a comma and a space."),
    Column("readonly_rootfs", INTEGER, "1 when its root file system cannot be written to, else 0."),
    Column("cgroup_namespace", TEXT, "Number of its first process's namespace of control groups."),
    Column("ipc_namespace", TEXT, "Number of its first process's namespace of IPC."),
    Column("mnt_namespace", TEXT, "Number of its first process's namespace of mounts."),
    Column("net_namespace", TEXT, "Number of its first process's namespace of networks."),
    Column("pid_namespace", TEXT, "Number of its first process's namespace of process ids."),
    Column("user_namespace", TEXT, "Number of its first process's namespace of users."),
    Column("uts_namespace", TEXT, "Number of its first process's namespace of host names."),
    Column("pod", TEXT, "Identifier of the pod that it is in; empty when it is in none.", collate="nocase"),
    Column("pod_name", TEXT, "Name of that pod."),
    Column("uid", BIGINT, "User whose container it is.", index=True),
    Column("socket", TEXT, "Socket of the service that knows it."),
    platforms=LINUX,
    live=True,
    asks="a running daemon",
    ours=True,
    examples=[
        "SELECT uid, id, name, image, status FROM podman_containers",
        "SELECT name, pod_name FROM podman_containers WHERE uid <> 0 AND state = 'running'",
    ],
    notes=(
        "From the services at the sockets of the flag podman_sockets, root's and those of users, whether the containers"
        " run or not; a user without a service (podman.socket of systemd) has no rows. One request a service, another"
        " one when pod or pod_name is read, and one a container when a column from pid to uts_namespace is. Other"
        " users' sockets and namespaces need root."
    ),
)
def podman_containers(query: Query) -> Rows:
    """Containers of Podman, of the system and of all users."""
    users = query.equals("uid")
    names = docker.wanted(query)
    for owner, path in podman.sockets(query):
        if users is not None and owner is not None and owner not in users:
            continue
        source = podman.daemon(query, owner, path)
        listing = source.get("/containers/json?all=1")
        pods = podman.pods(source) if query.uses("pod", "pod_name") else {}
        for identifier, container in docker.listed(listing, names):
            pod = pods.get(text(container, "Id"))
            yield (
                *details.summary(identifier, container, slash=False),
                *details.rest(query, source, container),
                text(pod, "Pod"),
                text(pod, "PodName"),
                source.uid,
                path,
            )
