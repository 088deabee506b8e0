"""What happened, recorded by the agent's event publishers."""
