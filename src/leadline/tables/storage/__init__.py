"""Disks, their partitions, and what is on them."""
