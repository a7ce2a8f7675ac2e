"""Figures of leads: how many are in each stage, how long, and how many are converted."""
