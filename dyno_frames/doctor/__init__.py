"""Checks of the installation, the account and the folders; each one names the cure of what it finds."""
