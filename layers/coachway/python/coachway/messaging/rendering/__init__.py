"""Rendering of messages from templates."""
