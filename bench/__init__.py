"""Measures what the product promises: `python -m bench` prints one line of JSON for each figure."""
