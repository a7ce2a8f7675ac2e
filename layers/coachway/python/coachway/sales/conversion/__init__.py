"""The conversion of leads to clients and charters."""
