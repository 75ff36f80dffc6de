"""The rules: pure functions and frozen dataclasses that import the standard library only."""
