"""Who the organization works for: clients, their contacts and addresses, and what they may owe."""
