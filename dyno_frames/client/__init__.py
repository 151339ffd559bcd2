"""The client: connections, and the methods of each resource."""
