"""The API's reference as data, with a decision for each point that it leaves open.

Client and sandbox both import it.
"""
