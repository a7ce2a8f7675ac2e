"""Ratings of vendors for the trips that they ran."""
