"""Invoices: drafting, issuing, voiding, their PDF and page."""
