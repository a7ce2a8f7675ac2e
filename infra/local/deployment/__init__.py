"""Deployment with SAM: the package, the stack and the files of the API documentation page."""
