"""Accounts, groups, logins, keys and histories."""
