"""The ycloud_instance_metadata table."""

from __future__ import annotations

from leadline.linux import cloud, metadata
from leadline.linux.text import clean
from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table

_PATH = "/computeMetadata/v1/instance/?alt=json&recursive=true"
_CONNECT_SECONDS = 1.0


@table(
    "ycloud_instance_metadata",
    Column("instance_id", TEXT, "Identifier of the machine.", index=True),
    Column("folder_id", TEXT, "Folder it belongs to."),
    Column("cloud_id", TEXT, "Cloud that the folder belongs to."),
    Column("name", TEXT, "Name of the machine."),
    Column("description", TEXT, "Description its owner gave it."),
    Column("hostname", TEXT, "Its name in DNS."),
    Column("zone", TEXT, "Availability zone it runs in."),
    Column("ssh_public_key", TEXT, "Users and public keys it was started with."),
    Column("serial_port_enabled", TEXT, "1 when its serial console can be reached."),
    Column("metadata_endpoint", TEXT, "Address of the metadata service; name another to ask that.", index=True),
    platforms=LINUX,
    cacheable=True,
    live=True,
    examples=[
        "SELECT instance_id, name, zone, folder_id FROM ycloud_instance_metadata",
        "SELECT instance_id FROM ycloud_instance_metadata WHERE metadata_endpoint = 'http://169.254.169.254'",
    ],
    notes=(
        "From the metadata service at 169.254.169.254, or at the address that the statement names. Empty outside of"
        " Yandex Cloud: a machine whose firmware names another cloud, or nothing at all, sends no request to the"
        " usual address."
    ),
)
def ycloud_instance_metadata(query: Query) -> Rows:
    """What Yandex Cloud tells a virtual machine about itself."""
    if query.root:
        query.warn("the Yandex metadata service belongs to the running machine and says nothing of another root")
        return
    for endpoint in query.equals("metadata_endpoint") or (metadata.ADDRESS,):
        document = _instance(query, endpoint) if isinstance(endpoint, str) else None
        if document is not None:
            attributes, vendor = document.get("attributes"), document.get("vendor")
            yield (
                _text(document, "id"),
                _text(vendor, "folderId"),
                _text(vendor, "cloudId"),
                _text(document, "name"),
                _text(document, "description"),
                _text(document, "hostname"),
                _zone(_text(document, "zone")),
                _text(attributes, "ssh-keys"),
                _text(attributes, "serial-port-enable"),
                endpoint,
            )


def _instance(query: Query, endpoint: str) -> dict[str, object] | None:
    """What the service at the address says; None when there is none or it may not be asked."""
    import json

    provider = cloud.provider("") if endpoint == metadata.ADDRESS else cloud.YANDEX
    if provider not in (cloud.YANDEX, ""):
        return None
    sure = provider == cloud.YANDEX
    connect = _CONNECT_SECONDS if sure else metadata.QUICK
    try:
        reply = metadata.ask(endpoint, _PATH, {"Metadata-Flavor": "Google"}, connect=connect, cancelled=query.cancelled)
        document = json.loads(reply.body) if reply.status == 200 else None
    except (OSError, ValueError, RecursionError) as error:
        if sure:
            query.warn(f"the Yandex metadata service at {endpoint} does not answer: {error}")
        return None
    if isinstance(document, dict):
        return document
    if sure:
        query.warn(f"the Yandex metadata service at {endpoint} has no description of this machine")
    return None


def _text(document: object, key: str) -> str:
    value = document.get(key) if isinstance(document, dict) else None
    return clean(value) if isinstance(value, str) else ""


def _zone(name: str) -> str:
    """The zone's own name in ``projects/PROJECT/zones/ZONE``."""
    parts = [part for part in name.split("/") if part]
    return parts[3] if name.startswith("projects/") and len(parts) > 3 else ""
