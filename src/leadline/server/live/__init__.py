"""Live queries: one question to many hosts, answers stored and streamed."""
