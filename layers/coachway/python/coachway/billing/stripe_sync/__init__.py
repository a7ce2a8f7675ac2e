"""Keeping payments in step with Stripe: webhooks, disputes, daily reconciliation."""
