"""Containers, images and what runs them: Docker, Podman, LXD."""
