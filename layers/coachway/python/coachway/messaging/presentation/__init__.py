"""Functions for templates that present events as text, in the formats of the organization."""
