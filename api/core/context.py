"""What one application holds for all its requests: settings, sessions, and the signers made of the secret key."""

from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import cast

from flask import current_app

from api.core.tokens import Tokens
from api.core.turns import Turns
from api.core.watcher import Live
from curbstop.models.engine import Sessions
from curbstop.settings import Settings

EXTENSION = "curbstop"


@dataclass(frozen=True, slots=True)
class Context:
    """Made once by `make_app`; every request finds it by `context()`."""

    settings: Settings
    sessions: Sessions
    tokens: Tokens
    live: Live
    turns: Turns
    # A quarter of the threads may wait for something to tell; the others answer.
    waiters: BoundedSemaphore


def context() -> Context:
    """The context of the application that handles this request."""
    return cast(Context, current_app.extensions[EXTENSION])
