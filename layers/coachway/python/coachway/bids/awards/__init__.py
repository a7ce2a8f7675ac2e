"""Awarding and rejecting bids, and releasing awards."""
