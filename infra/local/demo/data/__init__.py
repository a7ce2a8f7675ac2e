"""The demo data of each organization."""
