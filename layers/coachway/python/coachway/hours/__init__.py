"""Hours-of-service rules: how long a driver may drive, and when driving is legal again."""
