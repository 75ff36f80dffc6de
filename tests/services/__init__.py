"""Private servers for the tests: found or installed, started on loopback at first use, stopped at the end."""
