"""Client of the Stripe API."""
