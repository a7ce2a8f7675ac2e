"""Billing reports."""
