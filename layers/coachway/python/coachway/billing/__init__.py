"""Invoices, payments, refunds, payables, and the ledger that all of them are written in."""
