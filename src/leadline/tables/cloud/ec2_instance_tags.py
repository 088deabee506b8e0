"""The ec2_instance_tags table."""

from __future__ import annotations

from leadline.linux.text import clean, decode
from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.cloud import describe_tags, imds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadline.tables.cloud.imds import Session

_TAGS = "/latest/meta-data/tags/instance"
_MOST = 200  # an instance has 50 tags of its owner's and a few of AWS's


@table(
    "ec2_instance_tags",
    Column("instance_id", TEXT, "Identifier of the instance."),
    Column("key", TEXT, "Name of the tag."),
    Column("value", TEXT, "Value of the tag."),
    platforms=LINUX,
    cacheable=True,
    live=True,
    examples=["SELECT key, value FROM ec2_instance_tags WHERE key = 'Name'"],
    notes=(
        "From the metadata service at 169.254.169.254 where the instance has tags in its metadata. Elsewhere from"
        " DescribeTags of the EC2 API, which takes the right `ec2:DescribeTags` for the instance's role (or for other"
        " AWS credentials that are set). Empty outside of EC2."
    ),
)
def ec2_instance_tags(query: Query) -> Rows:
    """Tags that the owner of an EC2 instance gave it."""
    session = imds.session(query)
    if session is None:
        return
    identity = session.document(imds.DOCUMENT)
    instance, region = (identity.get(name) for name in ("instanceId", "region"))
    if not (isinstance(instance, str) and isinstance(region, str) and instance and region):
        query.warn("the EC2 metadata service does not say which instance this is")
        return
    own = session.get(f"{_TAGS}/")
    for key, value in _listed(session, own) if own else describe_tags.tags(query, session, instance, region):
        yield clean(instance), key, value


def _listed(session: Session, names: bytes) -> Iterator[tuple[str, str | None]]:
    """The tags in the metadata: a list of names, and each value at a path of its own."""
    from urllib.parse import quote_from_bytes

    for name in names.splitlines()[:_MOST]:
        value = session.get(f"{_TAGS}/{quote_from_bytes(name, safe='')}")
        yield decode(name), None if value is None else decode(value)
