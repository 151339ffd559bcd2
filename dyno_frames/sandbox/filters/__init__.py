"""The API's filters as SQL."""
