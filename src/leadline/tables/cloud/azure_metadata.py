"""The description of a virtual machine by Azure's instance metadata service.

Source: Microsoft Learn, "Azure Instance Metadata Service for virtual machines".
"""

from __future__ import annotations

from leadline.linux import cloud, files, metadata
from leadline.linux.text import clean
from leadline.tables.osquery import runtime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.sql.schema import Query

OLD = "2018-02-01"  # in every region
TAG_LIST = "2019-06-04"  # the first that lists tags one by one

_AGENT_LOG = "/var/log/waagent.log"
_CONNECT_SECONDS = 1.0


def compute(query: Query, versions: tuple[str, ...] = (OLD,)) -> dict[str, object] | None:
    """The service's description of the machine in the first of the versions it knows; None when there is none.

    Only a machine whose firmware says Azure, or on which Azure's agent has left its log, asks; the flag
    ``azure_metadata_endpoint`` names a service that is asked in any case.
    """
    if query.root:
        query.warn("the Azure metadata service belongs to the running machine and says nothing of another root")
        return None
    endpoint = runtime.text(query, "azure_metadata_endpoint", "")
    if not endpoint and cloud.provider("") != cloud.AZURE and files.read(_AGENT_LOG, 1) is None:
        return None
    for version in versions:
        try:
            reply = metadata.ask(
                endpoint or metadata.ADDRESS,
                f"/metadata/instance/compute?api-version={version}",
                {"Metadata": "true"},
                connect=_CONNECT_SECONDS,
                cancelled=query.cancelled,
            )
        except (OSError, ValueError) as error:
            query.warn(f"the Azure metadata service does not answer: {error}")
            return None
        if reply.status == 200:
            return _decoded(query, reply.body)
    query.warn(f"the Azure metadata service answers with status {reply.status}")
    return None


def text(document: dict[str, object], key: str) -> str:
    """The text under a key, as osquery has it: empty when there is none."""
    value = document.get(key)
    return clean(value) if isinstance(value, str) else ""


def _decoded(query: Query, body: bytes) -> dict[str, object] | None:
    import json

    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if isinstance(document, dict):
        return document
    query.warn("the Azure metadata service answers with something else than a description")
    return None
