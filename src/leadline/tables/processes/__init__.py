"""What runs, and what it holds: files, sockets, pipes, memory."""
