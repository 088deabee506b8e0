"""Flags of the interactive shell and of one-shot queries."""

from __future__ import annotations

FLAGS = (
    ("json", "shell", "bool", "false", "Print rows as a JSON array of objects, one line a row."),
    ("json_pretty", "shell", "bool", "false", "Print rows as indented JSON."),
    ("csv", "shell", "bool", "false", "Print rows as delimited values, quoted where needed."),
    ("list", "shell", "bool", "false", "Print rows as values joined by the separator, unquoted."),
    ("line", "shell", "bool", "false", "Print one value a line."),
    ("typed", "shell", "bool", "false", "With JSON output, print numbers as numbers and NULL as null."),
    ("separator", "shell", "string", "|", "Text between the fields of csv and list output."),
    ("header", "shell", "bool", "true", "Print a header row in csv, list and column output."),
    ("query", "shell", "string", "", "Run this SQL and exit."),
    ("query_file", "shell", "string", "", "Run the SQL in this file and exit."),
    ("output", "shell", "string", "", "File that results are written to; '-' is standard output."),
    ("root", "shell", "string", "", "Directory that stands for / : query a mounted image or a container's files."),
    ("A", "shell", "string", "", "Print every row of this table."),
    ("L", "shell", "bool", "false", "List the tables."),
    ("pack", "shell", "string", "", "Run every query of this pack: a name in the configuration, or a pack file."),
    ("profile", "shell", "int32", "0", "Run the query this many times and print no rows, for profilers."),
    ("profile_delay", "hidden", "int32", "0", "Seconds to wait before and after a profiling run."),
    ("planner", "shell", "bool", "false", "Print each statement's plan on standard error."),
    ("connect", "shell", "string", "", "Extension socket of another osquery process to send queries to."),
    ("extension", "shell", "string", "", "Program to load as an extension."),
)
