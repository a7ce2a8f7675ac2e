"""Evaluation of bids: which vendors are eligible, how bids rank, and which to award."""
