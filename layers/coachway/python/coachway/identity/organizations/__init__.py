"""Registration and settings of organizations."""
