"""Plots of campaigns: take a frame, return matplotlib Axes."""
