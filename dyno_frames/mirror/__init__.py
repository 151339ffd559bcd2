"""A synced copy of an account's campaigns, lists or templates on disk, which answers the same queries."""
