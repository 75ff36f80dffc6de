"""Every write: load the row, ask the rule, write, record the change. Permission is decided here."""
