"""Tables of what happened, filled by the agent's event publishers."""
