"""Takes what other systems have to hear out of the database into files: a run, its rows, and the bytes."""
