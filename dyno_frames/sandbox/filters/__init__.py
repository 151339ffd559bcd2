"""Translate the API's filters to SQL. This code is independent of ``query``, so that tests can compare the two."""
