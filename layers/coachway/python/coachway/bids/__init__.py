"""Vendors bid for trips: requests, invitations, bids and the award."""
