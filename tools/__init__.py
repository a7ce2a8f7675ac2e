"""Generators and checks of files in this repository. Nothing here runs on Lambda."""
