"""Datasets of versions as Delta tables: the extra ``delta``."""
