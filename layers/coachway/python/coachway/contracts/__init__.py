"""Event classes: the contract between capabilities. They import only core."""
