"""The rows of an account in SQLite."""
