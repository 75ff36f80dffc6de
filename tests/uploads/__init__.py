"""Photos through a running server and a network that breaks: tuspy, the reference tablet, and any interleaving."""
