"""Containers and images: Docker, Podman, containerd, LXD."""
