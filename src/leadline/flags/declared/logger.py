"""Flags of what is logged, in which shape and where."""

from __future__ import annotations

FLAGS = (
    ("logger_plugin", "cli", "string", "filesystem", "Comma-separated plugins that results and status lines go to."),
    ("disable_logging", "flag", "bool", "false", "Log neither results nor status lines."),
    ("logger_event_type", "flag", "bool", "true", "Write one line for each changed row, not one for each run."),
    ("logger_snapshot_event_type", "flag", "bool", "false", "Write one line for each row of a snapshot."),
    ("logger_numerics", "flag", "bool", "false", "Write numeric columns as JSON numbers."),
    ("logger_min_status", "flag", "int32", "0", "Least severity of status lines that loggers get."),
    ("logger_min_stderr", "flag", "int32", "0", "Least severity of status lines on standard error."),
    ("logger_stderr", "cli", "bool", "true", "Write status lines to standard error too."),
    ("logger_status_sync", "hidden", "bool", "false", "Hand each status line to the loggers at once."),
    ("logger_mode", "cli", "string", "0640", "Permissions of log files, in octal."),
    ("logger_rotate", "flag", "bool", "false", "Rotate the filesystem logger's files."),
    ("logger_rotate_size", "flag", "uint64", "26214400", "Size in bytes at which a log file is rotated."),
    ("logger_rotate_max_files", "flag", "uint64", "25", "Number of rotated files to keep."),
    ("logger_syslog_facility", "flag", "int32", "19", "Syslog facility, 0 to 23."),
    ("logger_syslog_prepend_cee", "flag", "bool", "false", "Start syslog messages with the @cee: cookie."),
    ("logger_syslog_socket", "flag", "string", "/dev/log", "Datagram socket of the syslog service (ours)."),
    ("logger_tls_endpoint", "flag", "string", "", "Path on the TLS server that takes log lines."),
    ("logger_tls_period", "flag", "uint64", "4", "Seconds between sends of buffered lines over TLS."),
    ("logger_tls_max_lines", "flag", "uint64", "1024", "Most lines in one request."),
    ("logger_tls_max_linesize", "flag", "uint64", "1048576", "Longest line in bytes that is sent."),
    ("logger_tls_compress", "flag", "bool", "false", "Compress request bodies with gzip."),
    ("logger_tls_backoff_max", "flag", "uint64", "3600", "Longest wait in seconds between sends that fail."),
    ("tls_disable_status_log", "flag", "bool", "false", "Send no status lines to the TLS server."),
    ("buffered_log_max", "flag", "uint64", "1000000", "Most lines kept while a destination is away; 0 keeps all."),
    (
        "logger_backlog_rate",
        "flag",
        "uint64",
        "1000",
        "Lines a second that a logger with a period sends while more than a batch waits; 0 is no limit (ours).",
    ),
    ("logger_kafka_brokers", "flag", "string", "localhost", "Comma-separated Kafka brokers."),
    ("logger_kafka_topic", "flag", "string", "", "Kafka topic of results."),
    ("logger_kafka_acks", "flag", "string", "all", "Acknowledgements that the leader waits for: 0, 1 or all."),
    ("logger_kafka_compression", "flag", "string", "none", "Kafka compression: none, gzip, snappy, lz4 or zstd."),
    (
        "logger_kafka_properties_path",
        "flag",
        "string",
        "",
        "File of further librdkafka settings, KEY=VALUE a line, for SASL for example (ours).",
    ),
    (
        "host_identifier",
        "flag",
        "string",
        "hostname",
        "What names this host: hostname, uuid, instance, ephemeral or specified.",
    ),
    ("specified_identifier", "flag", "string", "", "The name when host_identifier is specified."),
    ("verbose", "flag", "bool", "false", "Log informational lines."),
    ("utc", "hidden", "bool", "true", "Write UTC in timestamps."),
)

ALIASES = {"log_numerics_as_numbers": "logger_numerics", "logger_tls_max": "logger_tls_max_linesize"}

UNUSED = {"utc": "times are in UTC always"}
