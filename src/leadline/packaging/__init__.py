"""Packages of the agent for machines of a fleet: ``leadline package``."""
