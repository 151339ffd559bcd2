"""A server of the whole API on this machine, over SQLite."""
