"""Tables about what protects the machine."""
