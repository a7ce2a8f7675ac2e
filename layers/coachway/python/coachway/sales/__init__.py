"""Sales: leads, and proposals of several quotes."""
