"""Refunds of payments: request, approval, execution and bookkeeping."""
