"""Quotes of charters: links, pages, responses and expiry."""
