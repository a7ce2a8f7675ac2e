"""Organizations, users, roles, API keys, and authentication."""
