"""What protects the machine: certificates and mandatory access control."""
