"""Records of organizations, users and credentials."""
