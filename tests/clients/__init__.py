"""The real npm clients, driven against a real server by the examples of docs/adapters.md."""
