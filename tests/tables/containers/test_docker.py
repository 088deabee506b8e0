"""The docker_* tables, asked of a daemon that answers as a real dockerd 20.10 once did."""

from __future__ import annotations

import os

import pytest

SOUNDING = "27469b75e8022462f084a4dedd661374b62ea02bb893c0a6634652ef243a639f"
COUNTER = "47a23893787ffdf5ab0548360dfa635e6a78048294ee27ac556ee595b824fa55"
MOORED = "e683d0a4e688ebfd4bb751143c60df57f40181eac4e28a28f2c6f4f9fec2f5d7"
WRECK = "f0d86453f108a429cbaa6122e0761b765d5920b124673c50599dbed33ac6ef3c"
LEAD1 = "585b58dfa7d048057e9d2c3ecd2a330ce60172fceabcd7e31fe711d7f0b9855f"
LEAD2 = "3498e2e9487ab86d9a9f27e752e0aaedabe843604f0ca794925b12612cbdff51"
DEEPSEA = "e268b8fb91cdaba5be7b11d3c8cc5e3bd72cfdd70a6bbceb00ec98ddc133a566"
LAYER1 = "5e306b5fe033b3343b997f119985a4a1cb7cf85526d027028ccba5bc02e870ec"


def tuples(rows):
    return [tuple(row.values()) for row in rows]


def test_the_version_is_told_in_one_request(docker, dockerd):
    assert docker("SELECT * FROM docker_version") == [
        {
            "version": "20.10.24+dfsg1",
            "api_version": "1.41",
            "min_api_version": "1.12",
            "git_commit": "5d6db84",
            "go_version": "go1.19.8",
            "os": "linux",
            "arch": "amd64",
            "kernel_version": "6.1.0-18-amd64",
            "build_time": "2026-05-07T21:09:36.000000000+00:00",
        }
    ]
    assert dockerd.requests == ["/version"]


def test_the_daemon_tells_of_itself_in_one_request(docker, dockerd):
    assert docker("SELECT * FROM docker_info") == [
        {
            "id": "6JUO:ACWL:MEZB:ADVM:5LNL:3VTR:L6QZ:IHO5:EQ2X:LT5X:P45Z:AB7N",
            "containers": 4,
            "containers_running": 2,
            "containers_paused": 0,
            "containers_stopped": 2,
            "images": 2,
            "storage_driver": "vfs",
            "memory_limit": 1,
            "swap_limit": 1,
            "kernel_memory": 1,
            "cpu_cfs_period": 1,
            "cpu_cfs_quota": 1,
            "cpu_shares": 1,
            "cpu_set": 1,
            "ipv4_forwarding": 1,
            "bridge_nf_iptables": 1,
            "bridge_nf_ip6tables": 1,
            "oom_kill_disable": 1,
            "logging_driver": "json-file",
            "cgroup_driver": "cgroupfs",
            "kernel_version": "6.1.0-18-amd64",
            "os": "Debian GNU/Linux 12 (bookworm)",
            "os_type": "linux",
            "architecture": "x86_64",
            "cpus": 2,
            "memory": 25276063744,
            "http_proxy": "",
            "https_proxy": "",
            "no_proxy": "",
            "name": "pier",
            "server_version": "20.10.24+dfsg1",
            "root_dir": "/var/lib/docker",
        }
    ]
    assert dockerd.requests == ["/info"]


def test_running_containers_are_listed_with_what_an_inspection_of_each_adds(docker, dockerd):
    rows = docker("SELECT * FROM docker_containers ORDER BY created")
    assert [{key: value for key, value in row.items() if not key.endswith("_namespace")} for row in rows] == [
        {
            "id": SOUNDING,
            "name": "/sounding",
            "image": "lead:1",
            "image_id": LEAD1,
            "command": "/bin/sh -c 'echo hi > /tmp/x; rm /bin/touch; exec sleep 1000'",
            "created": 1795521114,
            "state": "running",
            "status": "Up 10 minutes",
            "pid": 27933,
            "path": "/bin/sh",
            "config_entrypoint": "",
            "started_at": "2026-11-24T11:51:54.862085943Z",
            "finished_at": "",
            "privileged": 0,
            "security_options": "",
            "env_variables": "KNOT=12, PATH=/bin, MODE=sound=1",
            "readonly_rootfs": 0,
        },
        {
            "id": COUNTER,
            "name": "/counter",
            "image": "lead:1",
            "image_id": LEAD1,
            "command": "/bin/sh -c 'while :; do sleep 1000 & wait; done'",
            "created": 1795521772,
            "state": "running",
            "status": "Up Less than a second",
            "pid": 5732,
            "path": "/bin/sh",
            "config_entrypoint": "",
            "started_at": "2026-11-24T12:02:52.291835013Z",
            "finished_at": "",
            "privileged": 0,
            "security_options": "",
            "env_variables": "PATH=/bin, MODE=sound=1",
            "readonly_rootfs": 0,
        },
    ]
    assert sorted(dockerd.requests) == sorted(
        ["/containers/json", f"/containers/{SOUNDING}/json", f"/containers/{COUNTER}/json"]
    )


def test_a_container_that_does_not_run_is_found_by_its_id(docker):
    sql = "SELECT {} FROM docker_containers WHERE id = '{}'"
    assert tuples(docker(sql.format("name, state, status, pid, finished_at, cgroup_namespace", WRECK))) == [
        ("/wreck", "exited", "Exited (3) 1 second ago", 0, "2026-11-24T12:02:51.292177456Z", None)
    ]
    columns = "name, state, config_entrypoint, started_at, finished_at, privileged, security_options, readonly_rootfs"
    never = "0001-01-01T00:00:00Z"
    assert tuples(docker(sql.format(columns, MOORED))) == [
        ("/moored", "created", "/bin/sleep, 3", never, never, 1, "no-new-privileges, label=disable", 1)
    ]


def test_no_container_is_inspected_when_the_list_says_enough(docker, dockerd):
    assert len(docker("SELECT id, name, image, state, status FROM docker_containers")) == 2
    assert dockerd.requests == ["/containers/json"]


def test_only_the_container_of_a_name_is_inspected(docker, dockerd):
    assert tuples(docker("SELECT path FROM docker_containers WHERE name = '/counter'")) == [("/bin/sh",)]
    assert dockerd.requests == ["/containers/json", f"/containers/{COUNTER}/json"]


@pytest.mark.parametrize("given", ["27469b75", "27469B75E802", SOUNDING, SOUNDING.upper()])
def test_an_id_may_be_shortened_and_is_shown_as_asked_for(docker, given):
    assert tuples(docker(f"SELECT id, name FROM docker_containers WHERE id = '{given}'")) == [(given, "/sounding")]


def test_several_ids_are_asked_for_at_once(docker, dockerd):
    rows = docker("SELECT id, state FROM docker_containers WHERE id IN ('2746', 'f0d8', 'aaaa') ORDER BY id")
    assert tuples(rows) == [("2746", "running"), ("f0d8", "exited")]
    assert len(dockerd.requests) == 1
    assert dockerd.requests[0].startswith("/containers/json?all=1&filters=%7B%22id%22%3A%7B%222746%22%3Atrue%2C%22")


@pytest.mark.parametrize("given", ["../../info", "a/b", "a?b", "a b", "", "..", "-x", ".", "ü", "sha256:58", "x" * 256])
@pytest.mark.parametrize(
    "table",
    ["docker_containers", "docker_container_stats", "docker_container_fs_changes", "docker_image_layers"],
)
def test_what_cannot_be_an_id_is_not_asked_for(docker, dockerd, table, given):
    assert docker(f"SELECT * FROM {table} WHERE id = '{given}'") == []
    assert dockerd.requests == []


def test_namespaces_are_those_of_the_containers_first_process(listening, told):
    def answering(target):
        if target == "/containers/json":
            return 200, [{"Id": SOUNDING, "State": "running"}]
        return 200, {"State": {"Pid": os.getpid()}}

    rows, _ = told("SELECT * FROM docker_containers", docker_socket=listening(answering).path)
    for name in ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts"):
        assert os.readlink(f"/proc/self/ns/{name}") == f"{name}:[{rows[0][f'{name}_namespace']}]"


def test_environment_variables_have_a_row_each(docker, dockerd):
    rows = docker("SELECT * FROM docker_container_envs WHERE id = '27469b75'")
    assert tuples(rows) == [("27469b75", "KNOT", "12"), ("27469b75", "PATH", "/bin"), ("27469b75", "MODE", "sound=1")]
    assert len(dockerd.requests) == 2


def test_an_environment_variable_without_a_value_has_none(docker):
    rows = docker("SELECT key, value FROM docker_container_envs WHERE id = 'f0d8'")
    assert tuples(rows)[0] == ("ODD", None)


def test_labels_of_containers(docker, dockerd):
    rows = docker("SELECT * FROM docker_container_labels ORDER BY id, key")
    assert tuples(rows) == [
        (SOUNDING, "org.example.note", "a = b"),
        (SOUNDING, "org.example.team", "deep"),
        (SOUNDING, "plumb", "bob"),
        (COUNTER, "org.example.team", "deep"),
    ]
    assert dockerd.requests == ["/containers/json"]


def test_mounts_of_containers(docker):
    columns = ("id", "type", "name", "source", "destination", "driver", "mode", "rw", "propagation")
    volume = "/var/lib/docker/volumes/rope/_data"
    assert docker("SELECT * FROM docker_container_mounts ORDER BY destination") == [
        dict(zip(columns, row, strict=True))
        for row in [
            (SOUNDING, "bind", None, "/srv/rootfs", "/host", None, "ro", 0, "rprivate"),
            (SOUNDING, "volume", "rope", volume, "/rope", "local", "z", 1, ""),
            (COUNTER, "tmpfs", None, "", "/scratch", None, "", 1, ""),
        ]
    ]


def test_networks_of_containers(docker):
    rows = docker("SELECT * FROM docker_container_networks WHERE name <> 'host'")
    assert rows == [
        {
            "id": SOUNDING,
            "name": "deepsea",
            "network_id": DEEPSEA,
            "endpoint_id": "577ff49bc291730cd6be4eedf399e39276f4889540e9594aa323d519b66ec070",
            "gateway": "10.223.0.1",
            "ip_address": "10.223.0.2",
            "ip_prefix_len": 24,
            "ipv6_gateway": "fd00:5::1",
            "ipv6_address": "fd00:5::2",
            "ipv6_prefix_len": 64,
            "mac_address": "02:42:0a:df:00:02",
        }
    ]


def test_ports_that_are_published_and_that_are_only_exposed(docker):
    assert tuples(docker("SELECT * FROM docker_container_ports ORDER BY port, host_ip")) == [
        (SOUNDING, "udp", 53, "0.0.0.0", 32768),
        (SOUNDING, "udp", 53, "::", 32768),
        (SOUNDING, "tcp", 80, "127.0.0.1", 18080),
        (SOUNDING, "tcp", 99, "", 0),
    ]


def test_processes_are_those_of_ps_on_the_machine(docker, dockerd):
    rows = docker("SELECT * FROM docker_container_processes WHERE id = 'counter' ORDER BY pid")
    start = rows[0].pop("start_time")
    assert rows[0] == {
        "id": "counter",
        "pid": 5732,
        "name": "sh",
        "cmdline": "/bin/sh -c while :; do sleep 1000 & wait; done",
        "state": "S",
        "uid": 0,
        "gid": 0,
        "euid": 0,
        "egid": 0,
        "suid": 0,
        "sgid": 0,
        "wired_size": None,
        "resident_size": 1580000,
        "total_size": 2268000,
        "parent": 5711,
        "pgroup": 5732,
        "threads": 1,
        "nice": 0,
        "user": "root",
        "time": "00:00:00",
        "cpu": 6.6,
        "mem": 0.0,
    }
    with open("/proc/uptime") as file:
        assert 0 <= float(file.read().split()[0]) - start < 5
    assert tuples(rows)[1][:4] == ("counter", 5745, "sleep", "sleep 1000")
    assert len(dockerd.requests) == 1


@pytest.mark.parametrize(
    ("elapsed", "seconds"),
    [("00:07", 7), ("01:02:03", 3723), ("2-00:00:01", 172801), ("00:00", 0), ("x", None), ("-1:00", None)],
)
def test_the_start_of_a_process_comes_from_its_age(listening, told, elapsed, seconds):
    process = ["1", "S", *["0"] * 8, elapsed, *["0"] * 10]
    path = listening(lambda target: (200, {"Processes": [process, ["too", "short"], "no list"]})).path
    rows, _ = told("SELECT start_time FROM docker_container_processes WHERE id = 'a'", docker_socket=path)
    with open("/proc/uptime") as file:
        up = int(float(file.read().split()[0]))
    if seconds is None:
        assert rows == [{"start_time": None}]
    else:
        assert abs(rows[0]["start_time"] - max(up - seconds, 0)) <= 1


def test_a_container_that_does_not_run_has_no_processes(docker):
    assert docker(f"SELECT * FROM docker_container_processes WHERE id = '{MOORED}'") == []


def test_statistics_of_a_running_container(docker, dockerd):
    assert docker(f"SELECT * FROM docker_container_stats WHERE id = '{SOUNDING}'") == [
        {
            "id": SOUNDING,
            "name": "/sounding",
            "pids": 1,
            "read": 1795521773,
            "preread": 1795521772,
            "interval": 1002859273,
            "disk_read": 0,
            "disk_write": 0,
            "num_procs": 0,
            "cpu_total_usage": 26891434,
            "cpu_kernelmode_usage": 10000000,
            "cpu_usermode_usage": 10000000,
            "system_cpu_usage": 31255090000000,
            "online_cpus": 2,
            "pre_cpu_total_usage": 26891434,
            "pre_cpu_kernelmode_usage": 10000000,
            "pre_cpu_usermode_usage": 10000000,
            "pre_system_cpu_usage": 31253080000000,
            "pre_online_cpus": 2,
            "memory_usage": 323584,
            "memory_cached": 0,
            "memory_inactive_file": 0,
            "memory_total_inactive_file": 0,
            "memory_max_usage": 4079616,
            "memory_limit": 25276063744,
            "network_rx_bytes": 1958,
            "network_tx_bytes": 1086,
        }
    ]
    assert dockerd.requests == [f"/containers/{SOUNDING}/stats?stream=false"]


def test_one_reading_of_the_statistics_is_enough_when_nobody_compares(docker, dockerd):
    assert tuples(docker("SELECT pids, memory_usage FROM docker_container_stats WHERE id = 'sounding'")) == [
        (1, 323584)
    ]
    assert dockerd.requests == ["/containers/sounding/stats?stream=false&one-shot=true"]


def test_statistics_of_a_container_that_does_not_run_are_mostly_unknown(docker):
    row = docker(f"SELECT * FROM docker_container_stats WHERE id = '{MOORED}'")[0]
    known = {key: value for key, value in row.items() if value is not None}
    assert known == {
        "id": MOORED,
        "name": "/moored",
        "disk_read": 0,
        "disk_write": 0,
        "num_procs": 0,
        "cpu_total_usage": 0,
        "cpu_kernelmode_usage": 0,
        "cpu_usermode_usage": 0,
        "pre_cpu_total_usage": 0,
        "pre_cpu_kernelmode_usage": 0,
        "pre_cpu_usermode_usage": 0,
        "network_rx_bytes": 0,
        "network_tx_bytes": 0,
    }


def test_statistics_of_cgroup_version_2_and_of_several_disks_and_networks(listening, told):
    document = {
        "name": "/new",
        "read": "2024-03-01T12:00:01.5Z",
        "preread": "2024-03-01T13:00:00.25+01:00",
        "blkio_stats": {
            "io_service_bytes_recursive": [
                {"major": 8, "minor": 0, "op": "read", "value": 4096},
                {"major": 8, "minor": 0, "op": "write", "value": 8192},
                {"major": 253, "minor": 0, "op": "Read", "value": 1},
            ]
        },
        "memory_stats": {"usage": 100, "stats": {"file": 40, "inactive_file": 30}, "limit": (1 << 64) - 1},
        "networks": {"eth0": {"rx_bytes": 3, "tx_bytes": 5}, "eth1": {"rx_bytes": 4, "tx_bytes": 6}},
    }
    path = listening(lambda target: (200, document)).path
    rows, _ = told("SELECT * FROM docker_container_stats WHERE id = 'new'", docker_socket=path)
    assert {key: value for key, value in rows[0].items() if value is not None} == {
        "id": "new",
        "name": "/new",
        "read": 1709294401,
        "preread": 1709294400,
        "interval": 1250000000,
        "disk_read": 4097,
        "disk_write": 8192,
        "memory_usage": 100,
        "memory_cached": 40,
        "memory_inactive_file": 30,
        "memory_total_inactive_file": 30,
        "memory_limit": -1,
        "network_rx_bytes": 7,
        "network_tx_bytes": 11,
    }


def test_changes_of_the_file_system(docker, dockerd):
    rows = docker("SELECT * FROM docker_container_fs_changes WHERE id = '2746' ORDER BY path")
    assert [row[1:] for row in tuples(rows)] == [
        ("/bin", "C"),
        ("/bin/touch", "D"),
        ("/host", "A"),
        ("/rope", "A"),
        ("/tmp", "C"),
        ("/tmp/x", "A"),
    ]
    assert {row["id"] for row in rows} == {"2746"}
    assert dockerd.requests == ["/containers/2746/changes"]
    dockerd.requests.clear()
    assert docker(f"SELECT * FROM docker_container_fs_changes WHERE id = '{MOORED}'") == []


def test_images(docker, dockerd):
    assert docker("SELECT * FROM docker_images ORDER BY created") == [
        {"id": LEAD1, "created": 1795521088, "size_bytes": 1982256, "tags": "lead:1"},
        {"id": LEAD2, "created": 1795521771, "size_bytes": 1982258, "tags": "harbour/lead:2,lead:2"},
    ]
    assert dockerd.requests == ["/images/json"]


def test_labels_of_images(docker):
    labels = [(LEAD2, "layer", "two"), (LEAD2, "org.example.team", "deep"), (LEAD1, "org.example.team", "deep")]
    assert tuples(docker("SELECT * FROM docker_image_labels ORDER BY id, key")) == labels
    assert tuples(docker("SELECT * FROM docker_image_labels WHERE id = '585B'")) == [
        ("585B", "org.example.team", "deep")
    ]


def test_the_history_of_images(docker, dockerd):
    first = {
        "created": 1795521088,
        "size": 1982256,
        "created_by": "",
        "tags": "lead:1",
        "comment": "Imported from -",
    }
    second = {
        "created": 1795521771,
        "size": 2,
        "created_by": "/bin/sh -c echo a > /tmp/a; exit 3",
        "tags": "harbour/lead:2,lead:2",
        "comment": "second sounding",
    }
    assert docker("SELECT * FROM docker_image_history ORDER BY id, created DESC") == [
        {"id": LEAD2, **second},
        {"id": LEAD2, **first},
        {"id": LEAD1, **first},
    ]
    assert len(dockerd.requests) == 3
    assert docker("SELECT * FROM docker_image_history WHERE id = '585b'") == [{"id": "585b", **first}]
    assert dockerd.requests == ["/images/585b/history"]
    assert docker("SELECT * FROM docker_image_history WHERE id = 'ffff'") == []


def test_layers_of_images(docker, dockerd):
    rows = docker("SELECT * FROM docker_image_layers ORDER BY id, layer_order")
    assert [(row["id"], row["layer_order"]) for row in rows] == [(LEAD2, 1), (LEAD2, 2), (LEAD1, 1)]
    assert rows[0]["layer_id"] == rows[2]["layer_id"] == LAYER1
    assert rows[1]["layer_id"] != LAYER1
    assert tuples(docker(f"SELECT * FROM docker_image_layers WHERE id = '{LEAD1.upper()}'")) == [
        (LEAD1.upper(), LAYER1, 1)
    ]
    assert dockerd.requests == [f"/images/{LEAD1}/json"]


def test_networks(docker, dockerd):
    rows = docker("SELECT * FROM docker_networks ORDER BY name")
    assert [row["name"] for row in rows] == ["bridge", "deepsea", "host", "none"]
    assert rows[1] == {
        "id": DEEPSEA,
        "name": "deepsea",
        "driver": "bridge",
        "created": 1795521114,
        "enable_ipv6": 1,
        "subnet": "10.223.0.0/24",
        "gateway": None,
    }
    assert (rows[0]["subnet"], rows[0]["gateway"]) == ("10.222.0.0/24", "10.222.0.1")
    assert (rows[2]["subnet"], rows[2]["gateway"]) == (None, None)
    assert dockerd.requests == ["/networks"]
    assert tuples(docker("SELECT id, name FROM docker_networks WHERE id = 'e268'")) == [("e268", "deepsea")]


def test_labels_of_networks(docker):
    assert tuples(docker("SELECT * FROM docker_network_labels")) == [(DEEPSEA, "depth", "9"), (DEEPSEA, "empty", "")]
    assert len(docker("SELECT * FROM docker_network_labels WHERE id = 'e268b8fb'")) == 2
    assert docker("SELECT * FROM docker_network_labels WHERE id = 'b274'") == []


def test_volumes_and_their_labels(docker, dockerd):
    assert tuples(docker("SELECT * FROM docker_volumes ORDER BY name")) == [
        ("pool", "local", "/var/lib/docker/volumes/pool/_data", "tmpfs"),
        ("rope", "local", "/var/lib/docker/volumes/rope/_data", None),
    ]
    assert dockerd.requests == ["/volumes"]
    assert tuples(docker("SELECT * FROM docker_volume_labels WHERE name = 'rope'")) == [("rope", "kind", "rope")]


def test_joins_ask_for_each_container(docker, dockerd):
    sql = "SELECT c.name, o.port FROM docker_containers c JOIN docker_container_ports o USING (id)"
    assert tuples(docker(f"{sql} WHERE o.host_port = 18080")) == [("/sounding", 80)]
    assert len(dockerd.requests) <= 3


def test_under_another_root_there_is_no_daemon(told, dockerd, tmp_path):
    dockerd.requests.clear()
    rows, warnings = told("SELECT * FROM docker_containers", str(tmp_path), docker_socket=dockerd.path)
    assert rows == []
    assert warnings == ["docker_containers asks a running daemon and has no rows for another root"]
    assert dockerd.requests == []


def test_for_many_ids_all_containers_are_asked_for(docker, dockerd):
    ids = ", ".join(f"'{number:064x}'" for number in range(150))
    rows = docker(f"SELECT name FROM docker_containers WHERE id IN ({ids}, '{WRECK}')")
    assert tuples(rows) == [("/wreck",)]
    assert dockerd.requests == ["/containers/json?all=1"]
