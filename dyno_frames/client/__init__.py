"""The verbs of the API, thin over the rooms below."""
