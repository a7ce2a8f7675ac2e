"""What every capability stands on: http, the caller, store, events, errors, ids, clock, money."""
