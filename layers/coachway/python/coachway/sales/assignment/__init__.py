"""The assignment of new leads to agents, by weight and in turns."""
