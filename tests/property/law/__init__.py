"""The law of the house, run: random rows, servers and questions, and pandas itself as the judge."""
