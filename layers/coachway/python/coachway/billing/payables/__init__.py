"""Payables to vendors, and payouts."""
