"""What is owed to vendors, and payouts."""
