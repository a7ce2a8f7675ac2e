"""Bid requests: invitations, the bidding workflow, and what it reacts to."""
