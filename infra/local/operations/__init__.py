"""Operator commands that `make` offers for a running deployment."""
