"""The foundation of all capabilities: HTTP, the caller, the store, events, errors, ids, the clock and money."""
