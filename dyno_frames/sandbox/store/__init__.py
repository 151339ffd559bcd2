"""Store the rows of an account in SQLite."""
