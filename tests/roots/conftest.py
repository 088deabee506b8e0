"""Captured file systems: data for the tests, with links that lead anywhere. Nothing to collect."""

collect_ignore_glob = ["*"]
