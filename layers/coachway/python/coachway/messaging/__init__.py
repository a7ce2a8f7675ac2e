"""Emails and text messages about events, and their records. Each message is sent once."""
