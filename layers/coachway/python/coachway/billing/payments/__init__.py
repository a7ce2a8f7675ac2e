"""Card payments and manual payments."""
