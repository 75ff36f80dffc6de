"""Waits for the threads that watch for live listeners: one that still asks the database must not lose its pool."""

import threading

NAME = "curbstop-live"
PATIENCE_S = 3.0
# Of streams that a test left open: nobody waits for them twice.
_left: set[int] = set()


def have_ended() -> None:
    """Returns when the watchers whose last listener went are gone."""
    for thread in threading.enumerate():
        if thread.name == NAME and id(thread) not in _left:
            thread.join(PATIENCE_S)
            if thread.is_alive():
                _left.add(id(thread))
