"""Flags of the flag and log libraries: they come with every program that uses gflags and glog."""

from __future__ import annotations

FLAGS = (
    ("flagfile", "library", "string", "", "Comma-separated files of further flags, one --name=value a line."),
    ("undefok", "library", "string", "", "Comma-separated names of flags that may be unknown."),
    ("fromenv", "library", "string", "", "Comma-separated flags to set from FLAGS_name variables, which must exist."),
    (
        "tryfromenv",
        "library",
        "string",
        "",
        "Comma-separated flags to set from FLAGS_name variables, where they exist.",
    ),
    ("help", "library", "bool", "false", "Print the flags and exit."),
    ("helpfull", "library", "bool", "false", "Print the flags and exit."),
    ("helpshort", "library", "bool", "false", "Print the flags and exit."),
    ("version", "library", "bool", "false", "Print the version and exit."),
    ("logtostderr", "cli", "bool", "false", "Write status lines to standard error only."),
    ("stderrthreshold", "cli", "int32", "2", "Least severity (0 info to 3 fatal) that also goes to standard error."),
    ("alsologtostderr", "library", "bool", "false", "Write status lines to standard error too."),
    ("colorlogtostderr", "library", "bool", "false", "Colour the status lines on a terminal."),
    ("log_dir", "library", "string", "", "Directory of the log library's own files."),
    ("log_prefix", "library", "bool", "true", "Start status lines with severity, time and place."),
    ("logbuflevel", "library", "int32", "0", "Highest severity whose lines may wait in a buffer."),
    ("logbufsecs", "library", "int32", "30", "Seconds that status lines may wait in a buffer."),
    ("max_log_size", "library", "int32", "1800", "Size in MB at which the log library starts a new file."),
    ("minloglevel", "library", "int32", "0", "Least severity that is logged at all."),
    ("stop_logging_if_full_disk", "library", "bool", "false", "Stop writing log files when the disk is full."),
    ("v", "library", "int32", "0", "Verbosity of debugging lines."),
    ("vmodule", "library", "string", "", "Verbosity by source file, as file=level pairs."),
)
