"""Panels made of ipywidgets."""
