"""Handlers and setup of Lambda functions."""
