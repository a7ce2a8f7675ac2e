"""Collections: automatic card payments of amounts due."""
