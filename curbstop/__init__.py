"""Curbstop: field service orders for a water and sewer utility, office and tablet."""
