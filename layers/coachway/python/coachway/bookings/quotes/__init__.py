"""Quotes of charters: links, pages, answers, expiry."""
