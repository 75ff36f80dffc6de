"""The demonstration: a made-up utility, a technician's day played through real HTTP, and a load of tablets."""
