"""Proposals: several quotes with a text, of which the client chooses one, some or all."""
