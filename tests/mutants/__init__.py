"""Switches each safety mechanism off in a copy of the source, and demands that a named test notices."""
