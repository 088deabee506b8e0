"""The program itself: its flags, schedule, packs, plugins, and what queries cost."""
