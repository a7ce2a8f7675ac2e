"""Sending by email and SMS."""
