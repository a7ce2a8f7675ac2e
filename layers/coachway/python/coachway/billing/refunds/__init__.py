"""Refunds: request, approval, execution, bookkeeping."""
