"""The tables against a real dockerd and a real Podman, each with its own command line as the oracle.

Neither is among the services that `make test` installs: where they are missing, or may not start, these tests skip.
The daemons run in a mount and a network namespace of their own and keep everything below one directory.
"""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import tarfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from leadline.linux import unixhttp

BUSYBOX = "/bin/busybox"
LIMITS = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024")  # ones that any machine may set
# What the daemons write to, whatever they are told.
OWN = "/run /etc/docker /etc/cni/net.d /var/lib/cni /var/lib/containers"
NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")


def missing(*programs):
    """Why the tests cannot run here; None when they can."""
    if os.geteuid():
        return "containers need root"
    for program in (*programs, "unshare", BUSYBOX):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    if b"/ld-linux" in Path(BUSYBOX).read_bytes():
        return f"{BUSYBOX} is not the static one"
    return None


def archive(directory):
    """The root file system of an image: busybox alone."""
    path = directory / "image.tar"
    with tarfile.open(path, "w") as made:
        made.add(BUSYBOX, "bin/busybox")
        for name in ("sh", "sleep", "touch", "rm"):
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            made.addfile(link)
    return path


@contextmanager
def isolated(directory, *command):
    """The daemon, with directories and a network of its own, until it has ended."""
    script = f'for own in {OWN}; do test ! -d $own || mount -t tmpfs none $own || exit; done; exec "$@"'
    log = directory / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["unshare", "--net", "--mount", "sh", "-c", script, "sh", *map(str, command)],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
    try:
        for _ in range(150):
            if process.poll() is not None:
                break
            if unixhttp.get(str(directory / "socket"), "/version", lambda message: None):
                yield
                return
            time.sleep(0.1)
        lines = log.read_text(errors="replace").splitlines() or ["it said nothing"]
        pytest.skip(f"{command[0]} does not start here: {lines[-1][:200]}")
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def runner(*prefix):
    """``run("ps", "-a")``: what the program prints; it has to succeed."""

    def run(*arguments):
        done = subprocess.run([*map(str, prefix), *map(str, arguments)], capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode().rstrip("\n")

    return run


def remove(directory, group):
    shutil.rmtree(directory, ignore_errors=True)
    for top in glob.glob(f"/sys/fs/cgroup/{group}") + glob.glob(f"/sys/fs/cgroup/*/{group}"):
        for path, _, _ in os.walk(top, topdown=False):
            with suppress(OSError):
                os.rmdir(path)


def started(run, *arguments):
    try:
        return run("run", "-d", *arguments)
    except AssertionError as error:
        pytest.skip(f"containers do not run here: {str(error)[:200]}")


def tuples(rows):
    return [tuple(row.values()) for row in rows]


class Real:
    """A daemon's command line, and tables asked about it."""

    def __init__(self, run, flags):
        self.run = run
        self.flags = flags

    def listed(self, *arguments):
        """The lines a program prints, as sets of fields."""
        return {tuple(line.split("\t")) for line in self.run(*arguments).splitlines()}


@pytest.fixture(scope="module")
def dock(short):
    reason = missing("dockerd", "docker", "containerd", "runc")
    if reason:
        pytest.skip(reason)
    directory, group, own = short(), f"leadline{os.getpid()}", os.path.exists("/etc/docker")
    socket = directory / "socket"
    command = (
        "dockerd", "--iptables=false", "--ip6tables=false", "--bridge=none", "--storage-driver=vfs",
        f"--data-root={directory}/data", f"--exec-root={directory}/exec", f"--pidfile={directory}/pid",
        f"--cgroup-parent=/{group}", f"--host=unix://{socket}",
    )  # fmt: skip
    run = runner("docker", f"--host=unix://{socket}")
    try:
        with isolated(directory, *command):
            changes = ("--change", "ENV PATH=/bin DEPTH=12", "--change", "LABEL team=deep")
            run("import", *changes, archive(directory), "lead:1")
            run("volume", "create", "--label", "kind=rope", "rope")
            started(
                run, "--name", "sounding", "--network", "none", "--label", "plumb=bob", "-v", "rope:/rope", *LIMITS,
                "lead:1", "/bin/sh", "-c", "echo hi > /tmp.x; rm /bin/touch; exec sleep 1000",
            )  # fmt: skip
            run("create", "--name", "moored", "--network", "none", "--read-only", "--entrypoint", "/bin/sh", "lead:1")
            run("commit", "-m", "second", "sounding", "lead:2")
            yield Real(run, {"docker_socket": str(socket)})
            run("rm", "-f", "sounding", "moored")
    finally:
        remove(directory, group)
        if not own:
            shutil.rmtree("/etc/docker", ignore_errors=True)


@pytest.fixture
def docked(dock, told):
    def ask(sql):
        rows, warnings = told(sql, **dock.flags)
        assert warnings == []
        return rows

    return ask


def test_docker_tells_its_version_and_counts(dock, docked):
    assert docked("SELECT version FROM docker_version")[0]["version"] == dock.run(
        "version", "--format", "{{.Server.Version}}"
    )
    shown = dock.run("info", "--format", "{{.Containers}} {{.ContainersRunning}} {{.Images}} {{.Driver}} {{.MemTotal}}")
    sql = "SELECT containers, containers_running, images, storage_driver, memory FROM docker_info"
    assert " ".join(map(str, tuples(docked(sql))[0])) == shown


def test_docker_lists_its_containers(dock, docked):
    assert dock.listed("ps", "--no-trunc", "--format", "{{.ID}}\t{{.Names}}\t{{.Image}}\t{{.State}}") == {
        (row["id"], row["name"][1:], row["image"], row["state"])
        for row in docked("SELECT id, name, image, state FROM docker_containers")
    }
    shown = dock.run("inspect", "-f", "{{.Id}} {{.State.Pid}} {{.State.StartedAt}} {{.Path}}", "sounding")
    identifier = shown.split()[0]
    row = docked(f"SELECT * FROM docker_containers WHERE id = '{identifier}'")[0]
    assert shown == "{id} {pid} {started_at} {path}".format(**row)
    for name in NAMESPACES:
        assert os.readlink(f"/proc/{row['pid']}/ns/{name}") == f"{name}:[{row[f'{name}_namespace']}]"
    assert dock.listed("inspect", "-f", '{{join .Config.Env ", "}}', "sounding") == {(row["env_variables"],)}


def test_docker_finds_a_stopped_container_by_the_beginning_of_its_id(dock, docked):
    short_id = dock.run("inspect", "-f", "{{.Id}}", "moored")[:12]
    columns = "id, name, state, pid, readonly_rootfs, config_entrypoint"
    rows = docked(f"SELECT {columns} FROM docker_containers WHERE id = '{short_id}'")
    assert tuples(rows) == [(short_id, "/moored", "created", 0, 1, "/bin/sh")]


def test_docker_shows_labels_variables_and_mounts(dock, docked):
    assert tuples(docked("SELECT key, value FROM docker_container_labels ORDER BY key")) == [
        ("plumb", "bob"),
        ("team", "deep"),
    ]
    assert ("DEPTH", "12") in tuples(docked("SELECT key, value FROM docker_container_envs"))
    template = "{{range .Mounts}}{{.Type}}\t{{.Name}}\t{{.Source}}\t{{.Destination}}\t{{.Driver}}{{end}}"
    assert dock.listed("inspect", "-f", template, "sounding") == set(
        tuples(docked("SELECT type, name, source, destination, driver FROM docker_container_mounts"))
    )


def test_docker_shows_processes_and_changes(dock, docked):
    row = docked("SELECT * FROM docker_container_processes WHERE id = 'sounding'")[0]
    assert (row["name"], row["cmdline"], row["uid"], row["threads"]) == ("sleep", "sleep 1000", 0, 1)
    assert str(row["pid"]) == dock.run("inspect", "-f", "{{.State.Pid}}", "sounding")
    stat = Path(f"/proc/{row['pid']}/stat").read_text().rpartition(")")[2].split()
    assert row["parent"] == int(stat[1])
    assert abs(row["start_time"] - int(stat[19]) // os.sysconf("SC_CLK_TCK")) <= 2
    assert dock.listed("diff", "sounding") == {
        ("{change_type} {path}".format(**change),)
        for change in docked("SELECT * FROM docker_container_fs_changes WHERE id = 'sounding'")
    }


def test_docker_shows_what_a_container_uses(docked):
    began = time.monotonic()  # one reading alone takes no second between two
    assert docked("SELECT memory_usage FROM docker_container_stats WHERE id = 'sounding'")[0]["memory_usage"] > 0
    assert time.monotonic() - began < 0.9
    row = docked("SELECT * FROM docker_container_stats WHERE id = 'sounding'")[0]
    assert row["name"] == "/sounding"
    assert 0.5e9 < row["interval"] < 5e9
    assert 0 < row["pre_cpu_total_usage"] <= row["cpu_total_usage"] < row["system_cpu_usage"]
    assert row["online_cpus"] == os.cpu_count()


def test_docker_shows_its_images(dock, docked):
    assert dock.listed("images", "--no-trunc", "--format", "{{.ID}}\t{{.Repository}}:{{.Tag}}") == {
        (f"sha256:{row['id']}", row["tags"]) for row in docked("SELECT id, tags FROM docker_images")
    }
    for tag in ("lead:1", "lead:2"):
        image = dock.run("inspect", "-f", "{{.Id}}", tag).removeprefix("sha256:")
        layers = dock.run("inspect", "-f", '{{join .RootFS.Layers "\\n"}}', tag).splitlines()
        sql = f"SELECT layer_id FROM docker_image_layers WHERE id = '{image}' ORDER BY layer_order"
        assert [f"sha256:{row['layer_id']}" for row in docked(sql)] == layers
        history = dock.listed("history", "--no-trunc", "--format", "{{.CreatedBy}}\t{{.Comment}}", tag)
        sql = f"SELECT created_by, comment FROM docker_image_history WHERE id = '{image[:10]}'"
        assert set(tuples(docked(sql))) == {(step[0], step[-1]) for step in history}
        sql = f"SELECT key, value FROM docker_image_labels WHERE id = '{image}'"
        assert ("team", "deep") in tuples(docked(sql))


def test_docker_shows_networks_and_volumes(dock, docked):
    assert dock.listed("network", "ls", "--no-trunc", "--format", "{{.ID}}\t{{.Name}}\t{{.Driver}}") == set(
        tuples(docked("SELECT id, name, driver FROM docker_networks"))
    )
    assert dock.listed("volume", "ls", "--format", "{{.Name}}\t{{.Driver}}\t{{.Mountpoint}}") == set(
        tuples(docked("SELECT name, driver, mount_point FROM docker_volumes"))
    )
    assert tuples(docked("SELECT * FROM docker_volume_labels")) == [("rope", "kind", "rope")]


@pytest.fixture(scope="module")
def pods(short):
    reason = missing("podman", "runc", "conmon")
    if reason:
        pytest.skip(reason)
    directory, group = short(), f"leadline{os.getpid()}"
    socket = directory / "socket"
    command = (
        "podman", "--root", directory / "root", "--runroot", directory / "run", "--storage-driver=vfs",
        "--cgroup-manager=cgroupfs", "--events-backend=file", "--runtime=runc", f"--tmpdir={directory}/tmp",
    )  # fmt: skip
    remote = runner("podman", "--remote", f"--url=unix://{socket}")
    try:
        with isolated(directory, *command, "system", "service", "--time=0", f"unix://{socket}"):
            remote("import", archive(directory), "lead:1")
            remote("pod", "create", "--infra=false", "--name", "lines")
            started(
                remote, "--name", "sounding", "--pod", "lines", "--network", "none", f"--cgroup-parent=/{group}",
                *LIMITS, "lead:1", "/bin/sleep", "1000",
            )  # fmt: skip
            remote("create", "--name", "moored", "--network", "none", "lead:1", "/bin/sleep", "5")
            yield Real(remote, {"podman_sockets": str(socket)})
            remote("rm", "-f", "-t", "0", "sounding", "moored")
            remote("pod", "rm", "lines")
    finally:
        remove(directory, group)


def test_podman_lists_its_containers_and_pods(pods, told):
    rows, warnings = told("SELECT * FROM podman_containers", **pods.flags)
    assert warnings == []
    template = "{{.ID}}\t{{.Names}}\t{{.Image}}\t{{.Pid}}\t{{.PodName}}\t{{.Command}}"
    assert pods.listed("ps", "-a", "--no-trunc", "--format", template) == {
        tuple(str(row[key]) for key in ("id", "name", "image", "pid", "pod_name", "command")) for row in rows
    }
    template = "{{.Name}}\t{{.State.Status}}\t{{.Path}}"
    assert pods.listed("inspect", "--type=container", "-f", template, "sounding", "moored") == {
        (row["name"], row["state"], row["path"]) for row in rows
    }
    running = next(row for row in rows if row["name"] == "sounding")
    assert (running["uid"], running["command"]) == (0, "/bin/sleep 1000")
    for name in NAMESPACES:
        assert os.readlink(f"/proc/{running['pid']}/ns/{name}") == f"{name}:[{running[f'{name}_namespace']}]"
