"""A state that came from another machine is noticed; one whose machine merely changed is not."""

from __future__ import annotations

import json
import logging
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from leadline.agent import buffer, clones
from leadline.agent.answers import Answer, Kept
from leadline.agent.identity import Identity
from leadline.agent.state import State, open_state
from leadline.flags import Flags
from leadline.linux import hardware

HERE = {
    "uuid": "4c4c4544-0034",
    "machine_id": "aaaa",
    "addresses": ["52:54:00:00:00:01", "52:54:00:00:00:02"],
    "disks": ["S1"],
    "boot": "b1",
    "file": "100",
}
BOOTED = {"boot": "b2"}
OTHER_CARDS = {"addresses": ["52:54:00:00:00:09"]}
UNKNOWN = {"uuid": "", "machine_id": "", "addresses": [], "disks": []}


@pytest.mark.parametrize(
    ("change", "before"),
    [
        (BOOTED, {}),
        ({**BOOTED, "machine_id": "bbbb"}, {}),
        ({**BOOTED, "uuid": "another"}, {}),
        ({**BOOTED, "file": "200"}, {}),
        ({**BOOTED, "addresses": ["52:54:00:00:00:02", "52:54:00:00:00:07"]}, {}),
        ({**BOOTED, **OTHER_CARDS}, {}),
        ({**BOOTED, "addresses": [], "disks": []}, {}),
        ({**BOOTED, "disks": ["S2"]}, {}),
        (OTHER_CARDS, {"disks": []}),
        ({**BOOTED, "machine_id": "bbbb"}, {"addresses": []}),
        (BOOTED, UNKNOWN),
    ],
    ids=[
        "a reboot", "a new machine-id", "firmware that tells another UUID", "a file from a backup", "one card replaced",
        "all cards replaced", "a start before the drivers", "the disk replaced, the state moved", "cards swapped while "
        "it runs", "a new machine-id where cards are not known", "nothing known",
    ],
)  # fmt: skip
def test_a_machine_that_changed_is_the_same(change: dict[str, Any], before: dict[str, Any]) -> None:
    old = {**HERE, **before}
    assert not clones.copied(old, {**old, **change})


@pytest.mark.parametrize(
    ("change", "before"),
    [
        ({**BOOTED, **OTHER_CARDS, "uuid": "another"}, {}),
        ({**BOOTED, **OTHER_CARDS, "disks": ["S2"]}, {}),
        ({**BOOTED, **OTHER_CARDS, "disks": []}, {}),
        ({**BOOTED, **OTHER_CARDS, "machine_id": "bbbb"}, {}),
        ({**BOOTED, "uuid": "another"}, {"addresses": []}),
        ({**BOOTED, "uuid": "another", "machine_id": "bbbb"}, {}),
        ({"file": "200"}, {"addresses": []}),
        ({**BOOTED, "file": "200"}, UNKNOWN),
        ({**BOOTED, "machine_id": "bbbb"}, {**UNKNOWN, "machine_id": "aaaa"}),
        ({"file": "200", "machine_id": "bbbb"}, {}),
    ],
    ids=[
        "a cloned machine", "a clone with the same UUID and machine-id", "the same with disks that have no serial",
        "a clone that made a machine-id", "a clone without cards", "a clone with the same card's address",
        "a container from an image with a state", "the same where nothing is known", "a clone with nothing but an id",
        "a container in the host's network",
    ],
)  # fmt: skip
def test_a_copy_is_noticed(change: dict[str, Any], before: dict[str, Any]) -> None:
    old = {**HERE, **before}
    assert clones.copied(old, {**old, **change})


def machine(root: Path, uuid: str, machine_id: str, cards: dict[str, str], disks: dict[str, str]) -> str:
    """The files of a machine that tell what it is."""
    shutil.rmtree(root, ignore_errors=True)
    contents = {"sys/class/dmi/id/product_uuid": uuid, "etc/machine-id": machine_id}
    for name, address in cards.items():
        contents[f"sys/class/net/{name}/address"] = address
        contents[f"sys/class/net/{name}/addr_assign_type"] = "0"
        contents[f"sys/class/net/{name}/device/vendor"] = "0x1af4"
    for name, serial in disks.items():
        contents[f"sys/block/{name}/serial"] = serial
        contents[f"sys/block/{name}/removable"] = "0"
    for name, content in contents.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"{content}\n")
    return str(root)


def test_two_machines_with_one_uuid_get_identities_of_their_own(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The disk of the first becomes the disk of the second."""
    uuid, machine_id = "4c4c4544-0034-4d10-8050-b4c04f4d3032", "3d1219c7c4c5404aaa1f6d2a48adfda4"
    first = machine(tmp_path / "one", uuid, machine_id, {"eth0": "52:54:00:00:00:01"}, {"vda": "QM00001"})
    state, _ = open_state(str(tmp_path / "db"))
    flags = Flags()
    before = Identity(flags, state, first)
    state.put("configurations", "nodeKey", "nk1")
    buffer.add(state, ["tls"], "result", ['{"a":1}'])
    Kept(state).add(Answer("q"))
    state.close()
    (tmp_path / "db2").mkdir()
    shutil.copy(tmp_path / "db" / "agent.db", tmp_path / "db2" / "agent.db")
    state, _ = open_state(str(tmp_path / "db"))
    assert Identity(flags, state, first).instance == before.instance
    assert state.get("configurations", "nodeKey") == "nk1"
    state.close()

    second = machine(tmp_path / "two", uuid, machine_id, {"eth0": "52:54:00:00:00:02"}, {"vda": "QM00001"})
    copy, _ = open_state(str(tmp_path / "db2"))
    with caplog.at_level(logging.WARNING):
        after = Identity(flags, copy, second)
    assert "was copied from another machine, by what is different here (the network cards, the place of the file)" in (
        caplog.text
    )
    assert after.uuid == before.uuid == uuid
    assert after.instance != before.instance
    assert copy.get("configurations", "nodeKey") is None
    assert Kept(copy).ids() == set()
    assert [line for (line,) in copy.connection.execute("SELECT line FROM lines")] == ['{"a":1}']
    caplog.clear()
    assert Identity(flags, copy, second).instance == after.instance
    assert caplog.text == ""
    copy.close()


def test_a_clone_without_any_uuid_gets_another_one(tmp_path: Path) -> None:
    state, _ = open_state(str(tmp_path / "db"))
    first = machine(tmp_path / "one", "03000200-0400-0500-0006-000700080009", "", {"eth0": "52:54:00:00:00:01"}, {})
    before = Identity(Flags(), state, first)
    second = machine(tmp_path / "two", "03000200-0400-0500-0006-000700080009", "", {"eth0": "52:54:00:00:00:02"}, {})
    state.put("configurations", clones.KEY, json.dumps({**clones.facts("", first), "boot": "", "file": "1"}))
    after = Identity(Flags(), state, second)
    assert after.uuid != before.uuid
    assert after.instance != before.instance
    state.close()


def test_a_card_that_is_missing_for_a_while_is_not_forgotten(tmp_path: Path) -> None:
    state, _ = open_state(str(tmp_path / "db"))
    uuid, machine_id = "4c4c4544-0034-4d10-8050-b4c04f4d3032", "3d1219c7c4c5404aaa1f6d2a48adfda4"
    cards = {"eth0": "52:54:00:00:00:01"}
    clones.settle(state, machine(tmp_path / "root", uuid, machine_id, cards, {"vda": "S1"}))
    clones.settle(state, machine(tmp_path / "root", uuid, machine_id, {}, {}))
    kept = json.loads(state.get("configurations", clones.KEY) or "")
    assert (kept["addresses"], kept["disks"]) == (["52:54:00:00:00:01"], ["S1"])
    state.close()


def test_only_what_belongs_to_the_hardware_counts(tmp_path: Path) -> None:
    root = tmp_path
    machine(
        root, "", "",
        {"eth0": "52:54:00:00:00:0A", "random": "52:54:00:00:00:0b", "zero": "00:00:00:00:00:00"},
        {"sda": "QM00001", "sdb": "0QEMU_QEMU_HARDDISK_drive-scsi0", "usb": "U1", "nvme0n1": "S5GX"},
    )  # fmt: skip
    (root / "sys/class/net/random/addr_assign_type").write_text("1\n")
    (root / "sys/block/usb/removable").write_text("1\n")
    (root / "sys/class/net/veth").mkdir()
    (root / "sys/class/net/veth/address").write_text("52:54:00:00:00:0c\n")
    (root / "sys/class/net/eth0/bonding_slave").mkdir()
    (root / "sys/class/net/eth0/bonding_slave/perm_hwaddr").write_text("52:54:00:00:00:0D\n")
    assert hardware.addresses(str(root)) == ["52:54:00:00:00:0d"]
    assert hardware.disks(str(root)) == ["S5GX"]
    assert hardware.addresses(str(root / "absent")) == []


def test_a_state_in_memory_remembers_no_machine() -> None:
    state = State(None)
    assert not clones.settle(state)
    assert state.get("configurations", clones.KEY) is None


def test_a_state_that_others_can_read_is_closed_to_them(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    state, _ = open_state(str(tmp_path))
    (tmp_path / "agent.db").chmod(0o644)
    Identity(Flags(), state)
    assert (tmp_path / "agent.db").stat().st_mode & 0o777 == 0o600
    assert "could be used by other users (mode 644)" in caplog.text
    state.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="mount namespaces need root")
def test_an_agent_on_a_copied_disk_enrolls_as_another_host(
    fleet: Any, daemon: Callable[..., Any], tmp_path: Path
) -> None:
    """Two daemons: the second has the first one's state, and a machine-id of its own."""
    flags = [*fleet.flags(tmp_path), "--host_identifier=instance"]
    running = daemon(*flags)
    fleet.wait("/config")
    assert running.stop() == 0
    elsewhere = tmp_path / "clone"
    shutil.copytree(tmp_path / "db", elsewhere / "db")
    (elsewhere / "machine-id").write_text("0123456789abcdef0123456789abcdef\n")
    command = [
        sys.executable, "-m", "leadline", "agent", f"--database_path={elsewhere}/db", f"--pidfile={elsewhere}/pid",
        f"--logger_path={elsewhere}/log", f"--extensions_socket={elsewhere}/em", *flags,
    ]  # fmt: skip
    script = f'mount --bind {elsewhere}/machine-id /etc/machine-id && exec "$@"'
    with (elsewhere / "stderr").open("wb") as errors:
        clone = subprocess.Popen(["unshare", "-m", "sh", "-c", script, "sh", *command], stderr=errors)
    try:
        first, second = fleet.wait("/enroll", 2)
    finally:
        clone.terminate()
        clone.wait(20)
    identifiers = [request.body["host_identifier"] for request in (first, second)]
    assert identifiers[0] != identifiers[1]
    details = [request.body["host_details"]["osquery_info"]["instance_id"] for request in (first, second)]
    assert details == identifiers
    assert "was copied from another machine" in (elsewhere / "stderr").read_text()
    with closing(sqlite3.connect(tmp_path / "db" / "agent.db")) as kept:
        assert kept.execute("SELECT value FROM pairs WHERE key = 'nodeKey'").fetchone() == ("nk1",)
