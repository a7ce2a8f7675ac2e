"""What messages need of events."""
