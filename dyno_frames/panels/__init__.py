"""Control panels, the query builder and previews for notebooks.

``campaigns``, ``builder``, ``preview`` and ``lists`` hold what each of them knows and does, without a screen.
``runtime`` holds state, performs effects, and sorts tables, for all of them. ``views`` draws; only it imports
ipywidgets, and ``views/style.css`` is the look of every panel.

``campaigns/__init__.py`` names the files that a new button, column or rate touches.
"""
