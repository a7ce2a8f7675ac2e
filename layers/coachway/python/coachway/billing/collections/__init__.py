"""Collecting amounts due by card."""
