"""Every read for a screen or a report: SQL in, plain rows out."""
