"""Annual re-quotes: trips that clients may want again a year later."""
