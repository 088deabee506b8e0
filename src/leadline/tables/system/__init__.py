"""The kernel and the operating system: version, services, settings, time."""
