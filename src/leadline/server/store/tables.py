"""The tables. A change here needs a migration in ``migrations/versions``; a test compares the two."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# 64 bits in PostgreSQL; SQLite numbers rows by itself only when the type reads INTEGER.
Key = BigInteger().with_variant(Integer, "sqlite")

NEVER = 946_684_800_000
"""2000-01-01, the time of what has not happened yet (fleet.md 1.7)."""


def identity() -> Column[int]:
    """A numbered primary key whose numbers are never used again."""
    return Column("id", Key, Identity(), primary_key=True)


hosts = Table(
    "hosts",
    metadata,
    identity(),
    Column("osquery_host_id", String(255), nullable=False, unique=True),
    Column("node_key_hash", LargeBinary(32), unique=True),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("detail_updated_at", BigInteger, nullable=False, default=NEVER),
    Column("label_updated_at", BigInteger, nullable=False, default=NEVER),
    Column("policy_updated_at", BigInteger, nullable=False, default=NEVER),
    Column("software_updated_at", BigInteger, nullable=False, default=NEVER),
    Column("last_enrolled_at", BigInteger, nullable=False),
    Column("last_restarted_at", BigInteger, nullable=False, default=NEVER),
    Column("refetch_requested", Boolean, nullable=False, default=False),
    Column("hostname", String(255), nullable=False, default="", index=True),
    Column("computer_name", String(255), nullable=False, default=""),
    Column("uuid", String(255), nullable=False, default="", index=True),
    Column("instance_id", String(255), nullable=False, default=""),
    Column("platform", String(64), nullable=False, default=""),
    Column("platform_like", String(255), nullable=False, default=""),
    Column("os_version", String(255), nullable=False, default=""),
    Column("build", String(255), nullable=False, default=""),
    Column("code_name", String(255), nullable=False, default=""),
    Column("osquery_version", String(255), nullable=False, default=""),
    Column("uptime", BigInteger, nullable=False, default=0),
    Column("memory", BigInteger, nullable=False, default=0),
    Column("cpu_type", String(255), nullable=False, default=""),
    Column("cpu_subtype", String(255), nullable=False, default=""),
    Column("cpu_brand", String(255), nullable=False, default=""),
    Column("cpu_physical_cores", Integer, nullable=False, default=0),
    Column("cpu_logical_cores", Integer, nullable=False, default=0),
    Column("hardware_vendor", String(255), nullable=False, default=""),
    Column("hardware_model", String(255), nullable=False, default=""),
    Column("hardware_version", String(255), nullable=False, default=""),
    Column("hardware_serial", String(255), nullable=False, default="", index=True),
    Column("public_ip", String(64), nullable=False, default=""),
    Column("primary_ip", String(64), nullable=False, default=""),
    Column("primary_mac", String(64), nullable=False, default=""),
    Column("distributed_interval", Integer, nullable=False, default=0),
    Column("config_tls_refresh", Integer, nullable=False, default=0),
    Column("logger_tls_period", Integer, nullable=False, default=0),
    Column("gigs_disk_space_available", Float, nullable=False, default=0.0),
    Column("gigs_total_disk_space", Float, nullable=False, default=0.0),
    Column("percent_disk_space_available", Float, nullable=False, default=0.0),
    sqlite_autoincrement=True,
)

host_seen = Table(
    "host_seen",
    metadata,
    Column("host_id", Key, ForeignKey("hosts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("seen_at", BigInteger, nullable=False),
)

users = Table(
    "users",
    metadata,
    identity(),
    Column("email", String(255), nullable=False, unique=True),
    Column("name", String(255), nullable=False),
    Column("password_hash", String(255), nullable=False),
    Column("global_role", String(32)),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

sessions = Table(
    "sessions",
    metadata,
    identity(),
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),
    Column("user_id", Key, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", BigInteger, nullable=False),
    Column("accessed_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
    # Milliseconds that every use adds again; NULL for a session that ends at a fixed time.
    Column("sliding", BigInteger),
    sqlite_autoincrement=True,
)

enroll_secrets = Table(
    "enroll_secrets",
    metadata,
    # Readable on purpose: administrators copy it into the flag files of new hosts (Fleet's /spec/enroll_secret).
    Column("secret", String(255), primary_key=True),
    Column("created_at", BigInteger, nullable=False),
)

live_queries = Table(
    "live_queries",
    metadata,
    identity(),
    Column("query", Text, nullable=False),
    Column("status", String(16), nullable=False, index=True),
    Column("created_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
    Column("expires_at", BigInteger, nullable=False),
    Column("user_id", Key),
    Column("user_name", String(255), nullable=False),
    Column("user_email", String(255), nullable=False),
    # The last sequence number given out, and the rows stored.
    Column("seq", BigInteger, nullable=False, default=0),
    Column("row_count", BigInteger, nullable=False, default=0),
    sqlite_autoincrement=True,
)

live_targets = Table(
    "live_targets",
    metadata,
    Column("live_query_id", Key, ForeignKey("live_queries.id", ondelete="CASCADE"), primary_key=True),
    # No foreign key: the answer of a host outlives the host's record, and so do the names beside it.
    Column("host_id", Key, primary_key=True),
    Column("hostname", String(255), nullable=False),
    Column("display_name", String(255), nullable=False),
    Column("state", String(16), nullable=False),
    Column("sent_at", BigInteger),
    Column("answered_at", BigInteger),
    Column("error", Text),
    Column("row_count", Integer, nullable=False, default=0),
    Index("ix_live_targets_state", "live_query_id", "state"),
)

live_results = Table(
    "live_results",
    metadata,
    Column("live_query_id", Key, ForeignKey("live_queries.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("host_id", Key, nullable=False),
    Column("state", String(16), nullable=False),
    Column("error", Text),
    # The rows as one JSON array, encoded by us from decoded rows.
    Column("rows", LargeBinary, nullable=False),
    Column("row_count", Integer, nullable=False),
    Column("truncated", Boolean, nullable=False),
    Column("wall_time_ms", BigInteger, nullable=False),
    UniqueConstraint("live_query_id", "host_id", name="uq_live_results_live_query_id"),
)
