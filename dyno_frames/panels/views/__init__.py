"""The panels on a screen."""
