"""The worst that a network, a machine and a database do to the sync, by a seed, and what must survive it."""
