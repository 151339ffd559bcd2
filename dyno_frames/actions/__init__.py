"""Campaign actions that happen at most once."""
