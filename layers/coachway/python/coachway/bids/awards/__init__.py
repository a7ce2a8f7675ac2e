"""Awarding bids, and releasing an award."""
