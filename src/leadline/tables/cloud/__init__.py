"""What cloud providers tell their machines about themselves."""
