"""Flags of event publishers and of how events are kept."""

from __future__ import annotations

FLAGS = (
    ("disable_events", "flag", "bool", "false", "Switch off every event publisher."),
    ("events_expiry", "flag", "uint64", "3600", "Seconds that events are kept."),
    ("events_max", "flag", "uint64", "50000", "Most event batches kept for one table."),
    ("events_optimize", "flag", "bool", "true", "Give a scheduled query only the events since its last run."),
    ("events_enforce_denylist", "hidden", "bool", "false", "Refuse denied queries on event tables too."),
    ("enable_file_events", "flag", "bool", "false", "Watch files for file_events."),
    ("enable_syslog", "flag", "bool", "false", "Read syslog lines from a pipe."),
    ("syslog_pipe_path", "flag", "string", "/var/osquery/syslog_pipe", "The pipe that syslog lines come through."),
    ("syslog_rate_limit", "flag", "uint64", "100", "Most syslog lines taken at one read."),
    ("syslog_events_expiry", "flag", "uint64", "2592000", "Seconds that syslog events are kept."),
    ("syslog_events_max", "flag", "uint64", "100000", "Most syslog event batches kept."),
    (
        "hardware_disabled_types",
        "flag",
        "string",
        "partition",
        "Comma-separated device types that make no hardware events.",
    ),
    ("disable_audit", "flag", "bool", "true", "Leave the kernel's audit subsystem alone."),
    ("audit_persist", "flag", "bool", "true", "Take the audit socket again when another program took it."),
    ("audit_allow_config", "flag", "bool", "false", "Change the audit rules and settings."),
    ("audit_allow_process_events", "flag", "bool", "true", "Record the start of processes."),
    ("audit_allow_fork_process_events", "flag", "bool", "false", "Record fork, vfork and clone."),
    ("audit_allow_kill_process_events", "flag", "bool", "false", "Record kill and its kin."),
    ("audit_allow_fim_events", "flag", "bool", "false", "Record file accesses for process_file_events."),
    ("audit_allow_sockets", "flag", "bool", "false", "Record connect and bind."),
    ("audit_allow_accept_socket_events", "flag", "bool", "true", "Record accept, when sockets are recorded."),
    ("audit_allow_failed_socket_events", "flag", "bool", "false", "Record socket calls that fail, too."),
    (
        "audit_allow_null_accept_socket_events",
        "flag",
        "bool",
        "false",
        "Record accept calls that have no peer address.",
    ),
    ("audit_allow_unix", "hidden", "bool", "false", "Record Unix sockets too."),
    ("audit_allow_user_events", "flag", "bool", "true", "Record logins and other user messages."),
    ("audit_allow_selinux_events", "flag", "bool", "false", "Record SELinux messages."),
    ("audit_allow_apparmor_events", "flag", "bool", "false", "Record AppArmor messages."),
    ("audit_allow_seccomp_events", "flag", "bool", "false", "Record seccomp messages."),
    ("audit_backlog_limit", "flag", "int32", "4096", "Length of the kernel's audit queue."),
    ("audit_backlog_wait_time", "flag", "int32", "0", "How long the kernel waits for room in the audit queue."),
    ("audit_force_reconfigure", "flag", "bool", "false", "Set the audit configuration even when it is locked in use."),
    ("audit_force_unconfigure", "flag", "bool", "false", "Take our audit rules away at the end, whoever set them."),
    ("audit_debug", "hidden", "bool", "false", "Print raw audit records."),
    ("audit_fim_debug", "hidden", "bool", "false", "Print how audit records become file events."),
    (
        "audit_fim_show_accesses",
        "hidden",
        "bool",
        "false",
        "Record reads and writes of files, not only changes of names.",
    ),
    ("audit_show_partial_fim_events", "hidden", "bool", "false", "Keep file events whose path is not known in full."),
    (
        "audit_show_untracked_res_warnings",
        "hidden",
        "bool",
        "false",
        "Log file descriptors that were opened before we looked.",
    ),
)

_NOTHING = "this release records no events"
UNUSED = dict.fromkeys(
    (name for name, *_ in FLAGS if name not in ("disable_events", "events_optimize", "events_enforce_denylist")),
    _NOTHING,
)
