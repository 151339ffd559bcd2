"""Control panels, the query builder and previews for notebooks.

``campaigns``, ``builder``, ``preview`` and ``lists`` hold what each of them knows and does, without a screen.
``runtime`` holds the state and performs effects, for all of them. ``views`` draws; only it imports ipywidgets.
"""
