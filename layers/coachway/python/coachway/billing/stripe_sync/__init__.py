"""Synchronization of payments with Stripe: webhook events, disputes, and the daily reconciliation."""
