"""Plugins of the kind logger, one file each."""
