"""Where agents' log lines go."""
