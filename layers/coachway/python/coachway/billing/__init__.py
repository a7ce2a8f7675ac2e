"""Invoices, payments, refunds, payables, and the ledger that records all of them."""
