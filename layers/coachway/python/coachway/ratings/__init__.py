"""What was thought of the vendors that ran trips."""
