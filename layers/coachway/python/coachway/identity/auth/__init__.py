"""Login, sessions, passwords, one-time codes and second factors."""
