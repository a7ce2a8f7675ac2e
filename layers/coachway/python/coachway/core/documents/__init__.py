"""Formatting, HTML pages and PDFs."""
