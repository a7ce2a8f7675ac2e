"""Bids of vendors for charters: bid requests, bids and awards."""
