"""Tests of the offline protocol."""
