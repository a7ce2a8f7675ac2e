"""What generates and checks the project's own files; nothing here runs on Lambda."""
