"""The double-entry ledger: accounts, movements, journal, exports."""
