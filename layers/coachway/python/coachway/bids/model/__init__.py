"""Records of bids and bid requests."""
