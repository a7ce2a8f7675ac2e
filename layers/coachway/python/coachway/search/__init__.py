"""Search over the records of all capabilities, which it knows by their kinds only."""
