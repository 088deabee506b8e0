"""The lxd_* tables, against a daemon that speaks LXD's REST API over a UNIX socket."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadline.catalogue.index import TABLES

IMAGE = "f1b7c2a0d39e4c5b8a6d7e8f90123456789abcdef0123456789abcdef0123456"
GOLDEN = "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9"
PEM = "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n"
ALL = sorted(name for name in TABLES if name.startswith("lxd_"))
NAMED = ("lxd_instance_config", "lxd_instance_devices")
LISTS = {"images": "fingerprint", "certificates": "fingerprint", "networks": "name", "storage-pools": "name"}
DETAILS = {
    ("instances", "state"): "instance_states",
    ("instances", "metadata"): "instance_metadata",
    ("containers", "state"): "instance_states",
    ("containers", "metadata"): "instance_metadata",
    ("networks", "state"): "network_states",
    ("storage-pools", "resources"): "storage_resources",
}


def good(metadata):
    return 200, {"type": "sync", "status": "Success", "status_code": 200, "metadata": metadata}


def bad(code, error):
    return code, {"type": "error", "error": error, "error_code": code, "metadata": None}


@pytest.fixture(scope="session")
def lxd(read):
    """``lxd(kinds)``: how a daemon answers that knows instances of these kinds; old ones have containers only."""

    def found(kind, kinds):
        """The things of a kind by name, as they are captured."""
        if kind in kinds:
            instances = read("lxd/instances")
            return {one["name"]: one for one in instances if kind == "instances" or one["type"] == "container"}
        return {one[LISTS[kind]]: one for one in read(f"lxd/{kind.replace('-', '_')}")} if kind in LISTS else None

    def detail(kind, name, what):
        known = read(f"lxd/{DETAILS[kind, what]}").get(name)
        return bad(500 if kind == "networks" else 404, "no such thing") if known is None else good(known)

    def speaking(kinds=("instances", "containers")):
        def answer(target):
            kind, *names = (unquote(part) for part in urlsplit(target).path.removeprefix("/1.0/").split("/"))
            if kind == "cluster":
                return good(read("lxd/cluster_members" if names else "lxd/cluster"))
            known = found(kind, kinds)
            if known is None:
                return bad(404, "not found")
            if not names:
                whole = urlsplit(target).query == "recursion=1"
                return good(list(known.values()) if whole else [f"/1.0/{kind}/{name}" for name in known])
            if len(names) == 2:
                return detail(kind, *names)
            whole = next((name for name in known if kind == "images" and name.startswith(names[0])), names[0])
            return good(known[whole]) if whole in known else bad(404, "not found")

        return answer

    return speaking


@pytest.fixture(scope="session")
def daemon(listening, lxd):
    return listening(lxd())


@pytest.fixture
def rows(daemon, told):
    """``rows(sql)``: the rows as tuples, of a daemon that gives no reason to warn."""

    def ask(sql, path=None):
        daemon.requests.clear()
        found, warnings = told(sql, lxd_socket=path or daemon.path)
        assert not warnings
        return [tuple(row.values()) for row in found]

    return ask


def test_instances_are_listed_with_their_image_and_processes(rows):
    debian = ("amd64", "Debian", "Debian bookworm amd64 (20260228_05:24)")
    assert rows("SELECT * FROM lxd_instances") == [
        ("web", "Running", 0, 0, "2026-03-02T09:14:21.518230041Z", IMAGE, *debian, 4711, 23),
        ("moored", "Stopped", 0, 1, "2026-01-11T20:00:00Z", IMAGE, None, "Debian", None, 0, 0),
        ("vessel", "Running", 1, 0, "2026-03-02T09:14:21.518230041Z", None, None, None, None, 5120, -1),
    ]


def test_only_what_a_statement_reads_is_asked_for(rows, daemon):
    assert rows("SELECT name FROM lxd_instances WHERE status = 'Stopped'") == [("moored",)]
    assert daemon.requests == ["/1.0/instances?recursion=1"]
    assert rows("SELECT name, pid FROM lxd_instances WHERE name IN ('web', 'none', '')") == [("web", 4711)]
    assert sorted(daemon.requests) == [
        "/1.0/containers/none",
        "/1.0/instances/none",
        "/1.0/instances/web",
        "/1.0/instances/web/state",
    ]


def test_a_name_cannot_lead_elsewhere(rows, daemon):
    assert rows("SELECT name FROM lxd_instances WHERE name = '../images?x=#'") == []
    assert daemon.requests[0] == "/1.0/instances/..%2Fimages%3Fx%3D%23"


def test_an_old_daemon_is_asked_for_containers(listening, lxd, rows):
    old = listening(lxd(kinds=("containers",)))
    assert rows("SELECT name, pid FROM lxd_instances", old.path) == [("web", 4711), ("moored", 0)]
    assert rows("SELECT name, pid FROM lxd_instances WHERE name = 'web'", old.path) == [("web", 4711)]


def test_settings_are_those_of_the_instance_itself(rows):
    assert rows("SELECT * FROM lxd_instance_config WHERE name IN ('web', 'vessel')") == [
        ("web", "image.architecture", "amd64"),
        ("web", "image.os", "Debian"),
        ("web", "limits.memory", "2GiB"),
        ("web", "security.privileged", "true"),
        ("web", "volatile.base_image", IMAGE),
        ("web", "volatile.eth0.host_name", "veth3f1c2a4b"),
    ]


def test_devices_are_those_of_the_profiles_too(rows):
    assert rows("SELECT * FROM lxd_instance_devices WHERE name = 'web'") == [
        ("web", "data", "disk", "path", "/srv"),
        ("web", "data", "disk", "source", "/home/shop/data"),
        ("web", "eth0", "nic", "name", "eth0"),
        ("web", "eth0", "nic", "network", "lxdbr0"),
        ("web", "root", "disk", "path", "/"),
        ("web", "root", "disk", "pool", "default"),
    ]


def test_instances_join_their_settings(rows):
    sql = (
        "SELECT name, value FROM lxd_instances JOIN lxd_instance_config USING (name) WHERE key = 'security.privileged'"
    )
    assert rows(sql) == [("web", "true")]


def test_images_are_listed_with_where_newer_ones_come_from(rows):
    assert rows("SELECT * FROM lxd_images") == [
        (
            IMAGE, "x86_64", "Debian", "bookworm", "Debian bookworm amd64 (20260228_05:24)", "", "lxd.tar.xz", 96403468,
            1, 1, 0, "2026-02-28T00:00:00Z", "1970-01-01T00:00:00Z", "2026-03-02T09:14:10.118230041Z",
            "2026-03-02T09:14:21.418230041Z", "https://images.example.org", "simplestreams", "", "debian/12",
        ),
        (
            GOLDEN, "aarch64", None, None, None, "golden,golden/2026", "golden.tar.gz", 412345678, 0, 0, 1,
            "2026-01-05T08:00:00Z", "0001-01-01T00:00:00Z", "2026-01-05T08:10:00Z", "0001-01-01T00:00:00Z",
            None, None, None, None,
        ),
    ]  # fmt: skip


def test_the_beginning_of_a_fingerprint_is_enough(rows, daemon):
    assert rows("SELECT id, filename FROM lxd_images WHERE id = '0a1b2c'") == [("0a1b2c", "golden.tar.gz")]
    assert rows("SELECT id FROM lxd_images WHERE id = 'ffff'") == []
    assert daemon.requests == ["/1.0/images/ffff"]


def test_certificates_are_listed(rows):
    end = "c2b8f1e07a495d9b3c6e1f2a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d"
    assert rows("SELECT * FROM lxd_certificates") == [
        ("ops@laptop", "client", f"d4{end}", PEM.format("MIIBexample")),
        ("prometheus", "metrics", f"11{end}", PEM.format("MIIBother")),
    ]


def test_networks_are_listed_with_their_state(rows):
    assert rows("SELECT * FROM lxd_networks") == [
        (
            "lxdbr0", "bridge", 1, "10.118.4.1/24", "none", "web,moored,/1.0/profiles/default", 250542118, 17524040140,
            1182515, 1567934, "00:16:3e:5a:83:57", "up", 1500,
        ),
        # counters that do not fit a signed column go on below zero
        ("eth0", "physical", 0, "", "", "", -1, -(1 << 63), 1, 2, "52:54:00:12:34:56", "down", 9000),
        ("ovn/left", "ovn", 1, "10.9.0.1/24", "", "", None, None, None, None, None, None, None),
    ]  # fmt: skip


def test_storage_pools_are_listed_with_the_room_in_them(rows, daemon):
    assert rows("SELECT * FROM lxd_storage_pools") == [
        ("default", "zfs", "/var/lib/lxd/disks/default.img", "30GiB", 1245708288, 31140757504, 3275333, 18371072),
        ("plain", "dir", "", "", None, None, None, None),
    ]
    rows("SELECT name, driver FROM lxd_storage_pools")
    assert daemon.requests == ["/1.0/storage-pools?recursion=1"]


def test_a_cluster_is_shown_with_what_new_members_have_to_give(rows):
    assert rows("SELECT * FROM lxd_cluster") == [
        ("north", 1, "storage-pool", "local", "source", "", '"source" property for storage pool "local"'),
        ("north", 1, "network", "uplink", "parent", "eth1", '"parent" property for network "uplink"'),
    ]


def test_members_of_a_cluster_are_listed(rows):
    assert rows("SELECT * FROM lxd_cluster_members") == [
        ("north", "https://10.0.0.11:8443", 1, "Online", "Fully operational"),
        ("south", "https://10.0.0.12:8443", 0, "Offline", "No heartbeat for 31.2s"),
    ]


def test_a_server_on_its_own_has_no_members(listening, told):
    def alone(target):
        if target == "/1.0/cluster":
            return good({"server_name": "", "enabled": False, "member_config": None})
        return bad(503, "This server is not clustered")

    path = listening(alone).path
    assert told("SELECT * FROM lxd_cluster_members", lxd_socket=path) == ([], [])
    (row,), _ = told("SELECT * FROM lxd_cluster", lxd_socket=path)
    assert tuple(row.values()) == ("", 0, None, None, None, None, None)


def every(table):
    return f"SELECT * FROM {table}" + (" WHERE name = 'web'" if table in NAMED else "")


@pytest.mark.parametrize("table", ALL)
def test_a_machine_without_lxd_has_no_rows_and_no_warnings(told, table, tmp_path):
    assert told(every(table), lxd_socket=str(tmp_path / "none")) == ([], [])


@pytest.mark.parametrize("table", ALL)
def test_another_root_has_no_rows(told, table, daemon, tmp_path):
    daemon.requests.clear()
    rows, warnings = told(every(table), str(tmp_path), lxd_socket=daemon.path)
    assert (rows, daemon.requests, len(warnings)) == ([], [], 1)


@pytest.mark.parametrize("table", sorted({*ALL} - {"lxd_cluster_members"}))
def test_a_refusal_is_told_with_its_reason(told, listening, table):
    path = listening(lambda _: bad(403, "not authorized")).path
    rows, warnings = told(every(table), lxd_socket=path)
    assert rows == []
    assert all("not authorized" in warning for warning in warnings)
    assert warnings


def test_a_daemon_that_breaks_is_not_asked_again(told, listening, lxd):
    answer = lxd()
    breaking = listening(lambda target: (200, b"{") if target.endswith("/state") else answer(target))
    rows, warnings = told("SELECT name, pid FROM lxd_instances", lxd_socket=breaking.path)
    assert [tuple(row.values()) for row in rows] == [("web", None), ("moored", None), ("vessel", None)]
    assert len(warnings) == 1
    assert len(breaking.requests) == 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
FIELDS = ["name", "config", "properties", "update_source", "aliases", "used_by", "counters", "space", "member_config"]
SHAPED = st.dictionaries(st.sampled_from([*FIELDS, "expanded_devices", "status", "pid", "size", "enabled"]), JSON)
ANSWERS = st.one_of(JSON, SHAPED, st.lists(SHAPED, max_size=3), st.just("\ud800"), st.just({"name": "\udfff"}))


@pytest.fixture(scope="module")
def odd(listening):
    """A daemon that says what is in the list beside it."""
    said = [None]
    return listening(lambda _: (200, {"metadata": said[0]})), said


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(metadata=ANSWERS)
def test_whatever_a_daemon_says_no_table_fails(told, odd, metadata):
    server, said = odd
    said[0] = metadata
    for table in ALL:
        told(every(table), lxd_socket=server.path)
