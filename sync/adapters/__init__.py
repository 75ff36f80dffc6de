"""Facades for off-the-shelf offline clients, over the one change log and the one push; see docs/adapters.md."""
