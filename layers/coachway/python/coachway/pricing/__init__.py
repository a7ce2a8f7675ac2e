"""Pricing of trips: rules, promo codes, amenities and quotes."""
