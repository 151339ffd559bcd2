"""The API itself on loopback, over SQLite."""
