"""Hours of service: who may drive, for how long, and when again."""
