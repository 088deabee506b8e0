"""Configuration documents and packs, as the agent and the shell both read them."""
