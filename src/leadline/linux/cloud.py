"""Which cloud the machine runs in, by what its firmware and hypervisor say.

Sources: the identification pages of the providers and cloud-init's list of data sources. The files are readable for
everybody, unlike serial numbers.
"""

from __future__ import annotations

from leadline.linux import files, rooted
from leadline.linux.text import decode

AWS = "aws"
AZURE = "azure"
YANDEX = "yandex"
OPENSTACK = "openstack"  # its metadata service also speaks the first version of AWS's
OTHER = "other"  # a provider that is known to be none of these

_AZURE_TAG = "7783-7084-3265-9085-8269-3286-77"  # the chassis asset tag that Azure gives all of its machines
_FILES = ("sys_vendor", "product_name", "bios_vendor", "bios_version", "chassis_vendor", "chassis_asset_tag")
_MARKS = (
    ("amazon", AWS),
    (_AZURE_TAG, AZURE),
    ("yandex", YANDEX),
    ("openstack", OPENSTACK),
    ("google compute engine", OTHER),
    ("alibaba cloud", OTHER),
    ("tencent cloud", OTHER),
    ("oraclecloud.com", OTHER),
    ("digitalocean", OTHER),
    ("hetzner", OTHER),
    ("scaleway", OTHER),
    ("vultr", OTHER),
    ("linode", OTHER),
    ("akamai", OTHER),
    ("upcloud", OTHER),
    ("exoscale", OTHER),
)


def provider(root: str) -> str | None:
    """One of the names above; the empty string for a machine that names none of them.

    None when the machine has no firmware that says anything, as in the small virtual machines that run containers.
    """
    # Old paravirtual instances of EC2 have no firmware tables, but a hypervisor with an identifier of its own.
    if (_read(root, "/sys/hypervisor/uuid") or "").startswith("ec2"):
        return AWS
    said = [found for name in _FILES if (found := _read(root, f"/sys/class/dmi/id/{name}"))]
    if not said:
        return None
    together = "\n".join(said)
    return next((name for mark, name in _MARKS if mark in together), "")


def _read(root: str, path: str) -> str | None:
    data = files.read(rooted.path(root, path), 4096)
    return None if data is None else decode(data).strip().lower()
