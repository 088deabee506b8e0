"""Plugins of the kind config, one file each."""
