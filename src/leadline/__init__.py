"""Leadline: every machine of a fleet answers SQL, now and over time."""

__version__ = "0.1.0"

OSQUERY_VERSION = "5.23.0"
"""The osquery release whose tables, flags and wire formats this one speaks; peers compare against it."""
