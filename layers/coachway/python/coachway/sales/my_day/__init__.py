"""What an agent should do today."""
