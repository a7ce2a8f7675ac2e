"""The Stripe API client."""
