"""Files, their contents and their attributes."""
