"""Who drives which trip in which vehicle, where they are, and what is done when that goes wrong."""
