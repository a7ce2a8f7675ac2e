"""Users, invitations and party accounts."""
