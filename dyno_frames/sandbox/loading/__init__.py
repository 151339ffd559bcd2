"""Load rows from the caller's tables."""
