"""Hashing, encryption and signing keys."""
