"""`python -m curbstop.cli`, the same as `curbstop`."""

from curbstop.cli import main

main()
