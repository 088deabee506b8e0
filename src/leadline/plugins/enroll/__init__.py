"""Plugins of the kind enroll, one file each."""
