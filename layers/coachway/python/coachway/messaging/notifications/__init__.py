"""The rules that say which events cause which messages, and to whom. Each capability has a module of rules."""
