"""The docker_info table."""

from __future__ import annotations

from leadline.sql.schema import BIGINT, INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.containers import docker
from leadline.tables.containers.values import number, text, yes

FIELDS = (
    (text, "ID"),
    (number, "Containers"),
    (number, "ContainersRunning"),
    (number, "ContainersPaused"),
    (number, "ContainersStopped"),
    (number, "Images"),
    (text, "Driver"),
    (yes, "MemoryLimit"),
    (yes, "SwapLimit"),
    (yes, "KernelMemory"),
    (yes, "CpuCfsPeriod"),
    (yes, "CpuCfsQuota"),
    (yes, "CPUShares"),
    (yes, "CPUSet"),
    (yes, "IPv4Forwarding"),
    (yes, "BridgeNfIptables"),
    (yes, "BridgeNfIp6tables"),
    (yes, "OomKillDisable"),
    (text, "LoggingDriver"),
    (text, "CgroupDriver"),
    (text, "KernelVersion"),
    (text, "OperatingSystem"),
    (text, "OSType"),
    (text, "Architecture"),
    (number, "NCPU"),
    (number, "MemTotal"),
    (text, "HttpProxy"),
    (text, "HttpsProxy"),
    (text, "NoProxy"),
    (text, "Name"),
    (text, "ServerVersion"),
    (text, "DockerRootDir"),
)


@table(
    "docker_info",
    Column("id", TEXT, "Identifier of the daemon.", collate="nocase"),
    Column("containers", INTEGER, "Number of containers."),
    Column("containers_running", INTEGER, "Number of containers that run."),
    Column("containers_paused", INTEGER, "Number of containers that are paused."),
    Column("containers_stopped", INTEGER, "Number of containers that do not run."),
    Column("images", INTEGER, "Number of images."),
    Column("storage_driver", TEXT, "Driver that keeps the layers of images, such as `overlay2`."),
    Column("memory_limit", INTEGER, "1 when memory can be limited, else 0."),
    Column("swap_limit", INTEGER, "1 when swap space can be limited, else 0."),
    Column("kernel_memory", INTEGER, "1 when the kernel's memory can be limited, else 0; newer daemons do not say."),
    Column("cpu_cfs_period", INTEGER, "1 when the scheduler's period can be set, else 0."),
    Column("cpu_cfs_quota", INTEGER, "1 when the scheduler's quota can be set, else 0."),
    Column("cpu_shares", INTEGER, "1 when processor time can be shared by weight, else 0."),
    Column("cpu_set", INTEGER, "1 when containers can be bound to processors, else 0."),
    Column("ipv4_forwarding", INTEGER, "1 when the kernel forwards IPv4 packets, else 0."),
    Column("bridge_nf_iptables", INTEGER, "1 when bridged IPv4 packets pass iptables, else 0."),
    Column("bridge_nf_ip6tables", INTEGER, "1 when bridged IPv6 packets pass ip6tables, else 0."),
    Column("oom_kill_disable", INTEGER, "1 when the out-of-memory killer can be kept from a container, else 0."),
    Column("logging_driver", TEXT, "Driver that keeps what containers print, such as `json-file`."),
    Column("cgroup_driver", TEXT, "What makes the control groups, `cgroupfs` or `systemd`."),
    Column("kernel_version", TEXT, "Version of the kernel the daemon runs on.", collate="version"),
    Column("os", TEXT, "Operating system the daemon runs on."),
    Column("os_type", TEXT, "Kind of that operating system, such as `linux`."),
    Column("architecture", TEXT, "Hardware architecture."),
    Column("cpus", INTEGER, "Number of processors."),
    Column("memory", BIGINT, "Physical memory in bytes."),
    Column("http_proxy", TEXT, "Proxy for HTTP."),
    Column("https_proxy", TEXT, "Proxy for HTTPS."),
    Column("no_proxy", TEXT, "Names that are reached without a proxy, separated by commas."),
    Column("name", TEXT, "Host name of the machine the daemon runs on."),
    Column("server_version", TEXT, "Version of the daemon.", collate="version"),
    Column("root_dir", TEXT, "Directory that the daemon keeps its data in."),
    platforms=LINUX,
    cacheable=True,
    live=True,
    asks="a running daemon",
    examples=["SELECT containers_running, images, storage_driver, root_dir FROM docker_info"],
    notes=(
        "From the daemon at the socket of the flag docker_socket, in one request; empty when no daemon runs. What"
        " a daemon does not say, older and newer ones alike, is NULL."
    ),
)
def docker_info(query: Query) -> Rows:
    """What the Docker daemon says about itself and about the machine."""
    document = docker.daemon(query).get("/info")
    if isinstance(document, dict):
        yield [read(document, key) for read, key in FIELDS]
