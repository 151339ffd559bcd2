"""The query builder without a screen: its state, what can happen to it, and the requests it makes."""
