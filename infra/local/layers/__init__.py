"""The Lambda layers: what goes into them, and their archives."""
