"""Erasure of a client's personal data, as the `Personal` marks on fields say."""
