"""Shapes and places: coordinate systems, distances, addresses on streets, and the order in which routes are walked."""
