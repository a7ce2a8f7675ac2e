"""Export and erasure of a client's billing data."""
