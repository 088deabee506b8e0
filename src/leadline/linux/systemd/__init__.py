"""systemd: what it runs, asked over D-Bus, and what its unit files say."""
