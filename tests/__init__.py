"""The tests: one folder a floor, on both backends, with servers of their own (tests/services)."""
