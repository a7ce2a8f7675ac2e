"""Which events cause which messages, and to whom. There is a module of rules for each capability."""
