"""Files that come in: readers for each format, the layouts that give their rows a meaning, and what is refused."""
