"""Weekly diaries that prevent double booking."""
