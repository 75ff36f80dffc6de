"""The pull cursor: opaque to the tablet, signed, and tied to one history and to what the tablet was subscribed to."""

from dataclasses import dataclass
from uuid import UUID

from itsdangerous import BadData, URLSafeSerializer

from curbstop.domain.problems import Problem

_SALT = "curbstop.pull-cursor"


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a tablet is: everything up to `seq` of these buckets, in this history."""

    history_id: UUID
    seq: int
    buckets: frozenset[str]
    tablet_id: UUID | None

    def encode(self, secret_key: str) -> str:
        members = {
            "v": 1,
            "h": self.history_id.hex,
            "s": self.seq,
            "b": sorted(self.buckets),
            "t": self.tablet_id.hex if self.tablet_id else None,
        }
        return str(URLSafeSerializer(secret_key, salt=_SALT).dumps(members))


def decode(text: str, secret_key: str, *, history_id: UUID, tablet_id: UUID | None, newest: int) -> Cursor:
    """The cursor, or Problem: invalid_cursor (not ours, another tablet's), history_changed (another history's)."""
    try:
        members = URLSafeSerializer(secret_key, salt=_SALT).loads(text)
        cursor = Cursor(
            history_id=UUID(members["h"]),
            seq=int(members["s"]),
            buckets=frozenset(members["b"]),
            tablet_id=UUID(members["t"]) if members["t"] else None,
        )
    except (BadData, KeyError, TypeError, ValueError):
        raise Problem("invalid_cursor", "The pull cursor is not one of this server's; pull without one.") from None
    if cursor.tablet_id != tablet_id:
        raise Problem("invalid_cursor", "The pull cursor is another tablet's; pull without one.")
    if cursor.history_id != history_id or cursor.seq > newest:
        raise Problem("history_changed")
    return cursor
