"""Bid requests: opening and ending them, invitations, and the bidding workflow."""
