"""The azure_instance_metadata table."""

from __future__ import annotations

from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.cloud import azure_metadata

_KEYS = (
    "location", "name", "offer", "publisher", "sku", "version", "osType", "platformUpdateDomain",
    "platformFaultDomain", "vmId", "vmSize", "subscriptionId", "resourceGroupName", "placementGroupId",
    "vmScaleSetName", "zone",
)  # fmt: skip


@table(
    "azure_instance_metadata",
    Column("location", TEXT, "Region that the machine runs in."),
    Column("name", TEXT, "Name of the machine."),
    Column("offer", TEXT, "Offer of the gallery that its image belongs to."),
    Column("publisher", TEXT, "Who published its image."),
    Column("sku", TEXT, "Edition of its image."),
    Column("version", TEXT, "Version of its image."),
    Column("os_type", TEXT, "`Linux` or `Windows`."),
    Column("platform_update_domain", TEXT, "Update domain: machines that are restarted together."),
    Column("platform_fault_domain", TEXT, "Fault domain: machines that share power and network."),
    Column("vm_id", TEXT, "Identifier of the machine.", index=True),
    Column("vm_size", TEXT, "Size of the machine, such as `Standard_D2s_v5`."),
    Column("subscription_id", TEXT, "Subscription it belongs to."),
    Column("resource_group_name", TEXT, "Resource group it belongs to."),
    Column("placement_group_id", TEXT, "Placement group within its scale set."),
    Column("vm_scale_set_name", TEXT, "Scale set it belongs to."),
    Column("zone", TEXT, "Availability zone within the region."),
    platforms=LINUX,
    cacheable=True,
    live=True,
    examples=["SELECT name, location, vm_size, subscription_id FROM azure_instance_metadata"],
    notes=(
        "From the metadata service at 169.254.169.254. Empty outside of Azure: no request is sent unless the firmware"
        " says Azure or its agent's log `/var/log/waagent.log` exists."
    ),
)
def azure_instance_metadata(query: Query) -> Rows:
    """What Azure tells a virtual machine about itself."""
    document = azure_metadata.compute(query)
    if document is not None:
        yield tuple(azure_metadata.text(document, key) for key in _KEYS)
