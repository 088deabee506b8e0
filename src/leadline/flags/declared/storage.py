"""Flags of the state database's tuning and of numeric monitoring."""

from __future__ import annotations

FLAGS = (
    ("rocksdb_write_buffer", "hidden", "int32", "16", "Taken for compatibility: our state is not in RocksDB."),
    ("rocksdb_merge_number", "hidden", "int32", "4", "Taken for compatibility: our state is not in RocksDB."),
    ("rocksdb_background_flushes", "hidden", "int32", "4", "Taken for compatibility: our state is not in RocksDB."),
    ("rocksdb_buffer_blocks", "hidden", "int32", "256", "Taken for compatibility: our state is not in RocksDB."),
    ("enable_numeric_monitoring", "flag", "bool", "false", "Record measurements of the program itself."),
    ("numeric_monitoring_plugins", "flag", "string", "filesystem", "Comma-separated plugins that take measurements."),
    (
        "numeric_monitoring_filesystem_path",
        "flag",
        "string",
        "/var/log/osquery/numeric_monitoring.log",
        "File that measurements go to.",
    ),
    ("numeric_monitoring_pre_aggregation_time", "flag", "uint64", "60", "Seconds over which measurements are merged."),
)

_NO_ROCKSDB = "the agent's state is an SQLite file, which needs no tuning"

UNUSED = {
    "rocksdb_write_buffer": _NO_ROCKSDB,
    "rocksdb_merge_number": _NO_ROCKSDB,
    "rocksdb_background_flushes": _NO_ROCKSDB,
    "rocksdb_buffer_blocks": _NO_ROCKSDB,
}
