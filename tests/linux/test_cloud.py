"""Telling clouds apart by what firmware says."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadline.linux import cloud

SAID = {
    "aws": {"sys_vendor": "Amazon EC2", "product_name": "m7g.large", "chassis_asset_tag": "i-0123456789abcdef0"},
    "azure": {
        "sys_vendor": "Microsoft Corporation",
        "product_name": "Virtual Machine",
        "chassis_asset_tag": "7783-7084-3265-9085-8269-3286-77",
    },
    "yandex": {"sys_vendor": "Yandex", "product_name": "xeon-gold-6338"},
    "openstack": {"sys_vendor": "OpenStack Foundation", "product_name": "OpenStack Nova"},
    "other": {"sys_vendor": "Google", "product_name": "Google Compute Engine"},
    "": {"sys_vendor": "Dell Inc.", "product_name": "PowerEdge R750", "chassis_asset_tag": ""},
}


def machine(root: Path, said: dict[str, str]) -> str:
    directory = root / "sys/class/dmi/id"
    directory.mkdir(parents=True)
    for name, value in said.items():
        (directory / name).write_text(f"{value}\n")
    return str(root)


@pytest.mark.parametrize("provider", SAID)
def test_a_provider_is_known_by_its_marks(tmp_path: Path, provider: str) -> None:
    assert cloud.provider(machine(tmp_path, SAID[provider])) == provider


def test_hyper_v_at_home_is_not_azure(tmp_path: Path) -> None:
    said = {**SAID["azure"], "chassis_asset_tag": "6666-7777"}
    assert cloud.provider(machine(tmp_path, said)) == ""


def test_an_old_instance_is_known_by_its_hypervisor(tmp_path: Path) -> None:
    (tmp_path / "sys/hypervisor").mkdir(parents=True)
    (tmp_path / "sys/hypervisor/uuid").write_text("ec2f58af-2dad-c57e-88c0-a81cb6084290\n")
    assert cloud.provider(str(tmp_path)) == "aws"


def test_a_machine_without_firmware_tables_is_in_no_cloud_that_we_know(tmp_path: Path) -> None:
    assert cloud.provider(str(tmp_path)) is None
    assert cloud.provider(machine(tmp_path, {"sys_vendor": "", "product_name": "\n"})) is None
