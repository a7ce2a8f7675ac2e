"""Leads: capture, duplicates, status, activities and merging."""
