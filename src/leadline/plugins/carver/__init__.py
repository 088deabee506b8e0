"""Plugins of the kind carver, one file each."""
