"""Installed software and where it comes from."""
