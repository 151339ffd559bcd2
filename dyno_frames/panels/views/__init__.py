"""The panels on a screen: ``widgets`` are made of ipywidgets, ``accessible`` is one piece of HTML."""
