"""Plugins of the kind distributed, one file each."""
