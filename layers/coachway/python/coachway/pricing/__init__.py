"""What a trip costs: rules, promo codes, amenities, and quotes that explain themselves."""
