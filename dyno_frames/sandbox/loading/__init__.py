"""Rows from the caller's own tables."""
