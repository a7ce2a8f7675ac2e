"""Events of dispatch."""
