"""The reference tablet: a whole offline client in a few small files, readable as documentation of the protocol.

It knows HTTP and SQLite, and nothing of the server's code. `store` keeps, `transport` sends, `outbox` remembers what
is unanswered, `pulling` takes over what came, `view` shows both together, `work` is what the technician does, and
`client` ties them.
"""

from curbstop.tablet.client import Client, SyncReport
from curbstop.tablet.errors import Busy, NotAllowed, Offline, Refused, SignInNeeded
from curbstop.tablet.store import Store
from curbstop.tablet.transport import Transport
from curbstop.tablet.work import FieldWork

__all__ = [
    "Busy",
    "Client",
    "FieldWork",
    "NotAllowed",
    "Offline",
    "Refused",
    "SignInNeeded",
    "Store",
    "SyncReport",
    "Transport",
]
