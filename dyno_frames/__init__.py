"""pandas and Jupyter over the Dyno e-mail marketing API."""
