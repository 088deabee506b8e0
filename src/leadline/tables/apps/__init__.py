"""Tables about applications: what users added to their browsers and editors."""
