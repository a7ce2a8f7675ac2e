"""Monthly invoicing of unbilled trips."""
