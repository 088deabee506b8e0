"""Carves: files that somebody asks for are packed into an archive, which is brought to where it is wanted."""
