"""The web interface: built files in ``static``, and what serves them."""
