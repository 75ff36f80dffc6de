"""`python -m api`: serves the HTTP API."""

import gc
import sys


def main() -> int:
    """The exit code: 0 after a signal to stop, 1 when it could not start."""
    # Loading makes nothing that would have to go: a fifth of the start is collections that find nothing.
    gc.disable()
    from api import server  # noqa: PLC0415 - what is loaded is what it is about

    gc.freeze()
    gc.enable()
    return server.main()


if __name__ == "__main__":
    sys.exit(main())
