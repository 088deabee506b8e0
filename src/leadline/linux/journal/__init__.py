"""The journal of systemd, read from its files: https://systemd.io/JOURNAL_FILE_FORMAT."""
