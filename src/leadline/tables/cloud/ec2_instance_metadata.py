"""The ec2_instance_metadata table."""

from __future__ import annotations

from leadline.linux.text import clean, decode
from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.cloud import imds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.tables.cloud.imds import Session

_IDENTITY = {
    "instance_id": "instanceId",
    "instance_type": "instanceType",
    "architecture": "architecture",
    "region": "region",
    "availability_zone": "availabilityZone",
    "local_ipv4": "privateIp",
    "ami_id": "imageId",
    "account_id": "accountId",
}
_LINES = {
    "local_hostname": "/latest/meta-data/local-hostname",
    "mac": "/latest/meta-data/mac",
    "security_groups": "/latest/meta-data/security-groups",
    "reservation_id": "/latest/meta-data/reservation-id",
    "ssh_public_key": "/latest/meta-data/public-keys/0/openssh-key",
}


@table(
    "ec2_instance_metadata",
    Column("instance_id", TEXT, "Identifier of the instance."),
    Column("instance_type", TEXT, "Type of the instance, such as `m7g.large`."),
    Column("architecture", TEXT, "Architecture of its processors."),
    Column("region", TEXT, "Region it runs in."),
    Column("availability_zone", TEXT, "Availability zone within the region."),
    Column("local_hostname", TEXT, "Private DNS name of its first network interface."),
    Column("local_ipv4", TEXT, "Private IPv4 address of its first network interface."),
    Column("mac", TEXT, "Hardware address of its first network interface.", collate="nocase"),
    Column("security_groups", TEXT, "Names of its security groups, separated by commas."),
    Column("iam_arn", TEXT, "Instance profile that gives it a role, as an ARN."),
    Column("ami_id", TEXT, "Image it was started from."),
    Column("reservation_id", TEXT, "Launch that it was part of."),
    Column("account_id", TEXT, "Account that owns it."),
    Column("ssh_public_key", TEXT, "Public key it was started with."),
    platforms=LINUX,
    cacheable=True,
    live=True,
    examples=["SELECT instance_id, instance_type, region, account_id FROM ec2_instance_metadata"],
    notes=(
        "From the metadata service at 169.254.169.254, with a token (IMDSv2) and, unless"
        " `aws_disable_imdsv1_fallback` is set, without one where no token is given. Empty outside of EC2: a machine"
        " whose firmware names another cloud, or nothing at all, sends no request."
    ),
)
def ec2_instance_metadata(query: Query) -> Rows:
    """What EC2 tells an instance about itself."""
    session = imds.session(query)
    if session is None:
        return
    identity = session.document(imds.DOCUMENT) if query.uses(*_IDENTITY) else {}
    row = {column: _text(identity, name) for column, name in _IDENTITY.items()}
    row.update((column, _lines(session, path)) for column, path in _LINES.items() if query.uses(column))
    if query.uses("iam_arn"):
        row["iam_arn"] = _text(session.document("/latest/meta-data/iam/info"), "InstanceProfileArn")
    yield tuple(row.get(column.name) for column in ec2_instance_metadata.columns)


def _text(document: dict[str, object], name: str) -> str | None:
    value = document.get(name)
    return clean(value) if isinstance(value, str) else None


def _lines(session: Session, path: str) -> str | None:
    """The lines at a path as one, separated by commas."""
    data = session.get(path)
    return None if data is None else ",".join(decode(data).split("\n")).strip(",")
