"""Interfaces, addresses, routes, names, and what other machines answer."""
