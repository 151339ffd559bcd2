"""What the API's reference promises, and what was decided where it is silent, as data.

Client and sandbox both read it from here; neither keeps a copy.
"""
