"""Control panels: a pure core, and views that alone know ipywidgets."""
