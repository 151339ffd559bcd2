"""Mailing lists and their growth, without a screen."""
